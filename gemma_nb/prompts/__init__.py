"""From messages to a prompt and its token ids, and from a reply to its parts."""
