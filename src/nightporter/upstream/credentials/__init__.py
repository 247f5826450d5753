"""Where the passwords for upstreams come from, one source a file. Users never see them."""
