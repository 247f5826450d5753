"""What our readings say, held against what real servers do. Nothing of the corpora that it runs is kept in this tree."""
