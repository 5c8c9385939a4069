"""What looks after many image repositories at once, each read and changed through GitHub's API."""
