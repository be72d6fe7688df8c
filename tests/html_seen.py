"""What a browser would see in markup."""

from html.parser import HTMLParser


class Seen(HTMLParser):
    """The tags, attributes and text that a browser would see."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data
