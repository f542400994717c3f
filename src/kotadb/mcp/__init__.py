"""The questions as tools for coding agents, over the Model Context Protocol.

``stdio`` answers one client on standard input and output, as owner `local`; ``remote`` is `/mcp` of the HTTP service.
Both are a ``desk``, at which ``server`` answers; ``tools`` makes a tool of each question of the table.
"""
