"""What goes into Solr and how it is asked."""
