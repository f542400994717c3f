"""The SCIP format, in which programs exchange what they know of source code: values in, values out.

`scip.proto` has its messages, `symbols` the grammar of its symbols, `names` how kotadb's symbols are called in it,
`documents` makes a document of what an index holds of a file, `reading` takes an index apart, and `columns` tells what
its columns count.
"""
