"""One organisation per publisher of the prefecture: code, region, kind, parent."""
