"""From rule text to a located tree, or to every syntax mistake in it; and back, in one layout."""
