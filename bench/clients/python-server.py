# A server on the Python SDK, which refuses what comes before the handshake.
try:
    from mcp.server.mcpserver import MCPServer as Server
except ImportError:  # before 2.0
    from mcp.server.fastmcp import FastMCP as Server

server = Server("python-server")


@server.tool()
def ping() -> str:
    """Says pong"""
    return "pong"


if __name__ == "__main__":
    server.run("stdio")
