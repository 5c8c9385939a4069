"""The status of all images: questions, answers, the table, the page."""
