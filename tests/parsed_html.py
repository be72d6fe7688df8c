"""Parses HTML as a browser does."""

from html.parser import HTMLParser


class ParsedHtml(HTMLParser):
    """The tags, attributes and text that a browser finds in a piece of HTML."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data
