/*
 * The smallest MCP server over stdio, so that what is measured is the gateway in front of it. One tool, `echo`:
 *   message        is said back
 *   bytes          the answer is that many characters instead
 *   notifications  that many notifications/message come before the answer
 * It looks for keys in the text of a line, which is enough for what the driver sends. echo-child.mjs does the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *out;
static size_t out_length, out_size;

static void flush(void) {
  for (size_t done = 0; done < out_length;) {
    ssize_t wrote = write(1, out + done, out_length - done);
    if (wrote <= 0) exit(0);
    done += (size_t)wrote;
  }
  out_length = 0;
}

static char *room(size_t bytes) {
  if (out_length + bytes > out_size) {
    out_size = (out_length + bytes) * 2;
    if ((out = realloc(out, out_size)) == NULL) exit(1);
  }
  out_length += bytes;
  return out + out_length - bytes;
}

static void say(const char *text, size_t length) { memcpy(room(length), text, length); }
static void say_text(const char *text) { say(text, strlen(text)); }

static long number_after(const char *line, const char *key) {
  const char *at = strstr(line, key);
  return at == NULL ? -1 : strtol(at + strlen(key), NULL, 10);
}

static void answer(const char *id, size_t id_length, const char *result) {
  say_text("{\"jsonrpc\":\"2.0\",\"id\":");
  say(id, id_length);
  say_text(",\"result\":");
  say_text(result);
  say_text("}\n");
}

static void notify(long count) {
  char line[128];
  for (long n = 1; n <= count; n++) {
    int length = snprintf(line, sizeof line,
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"n%ld\"}}\n", n);
    say(line, (size_t)length);
    if (out_length > 65536) flush();
  }
}

static void call(const char *line, const char *id, size_t id_length) {
  const char *arguments = strstr(line, "\"arguments\":");
  if (arguments == NULL) arguments = line;
  notify(number_after(arguments, "\"notifications\":"));
  say_text("{\"jsonrpc\":\"2.0\",\"id\":");
  say(id, id_length);
  say_text(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"");
  long bytes = number_after(arguments, "\"bytes\":");
  const char *message = strstr(arguments, "\"message\":\"");
  if (bytes >= 0) {
    memset(room((size_t)bytes), 'x', (size_t)bytes);
  } else if (message != NULL) {
    message += strlen("\"message\":\"");
    const char *end = message;
    while (*end != '\0' && *end != '"') end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    say(message, (size_t)(end - message));
  }
  say_text("\"}]}}\n");
}

static void receive(const char *line) {
  const char *id = strstr(line, "\"id\":");
  if (id == NULL) return; /* a notification */
  id += strlen("\"id\":");
  size_t id_length = *id == '"' ? strcspn(id + 1, "\"") + 2 : strcspn(id, ",} ");
  if (strstr(line, "\"method\":\"tools/call\"") != NULL) call(line, id, id_length);
  else if (strstr(line, "\"method\":\"initialize\"") != NULL)
    answer(id, id_length,
        "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},\"logging\":{}},"
        "\"serverInfo\":{\"name\":\"echo-child\",\"version\":\"1.0.0\"}}");
  else if (strstr(line, "\"method\":\"tools/list\"") != NULL)
    answer(id, id_length,
        "{\"tools\":[{\"name\":\"echo\",\"description\":\"Says it back\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
        "{\"message\":{\"type\":\"string\"},\"bytes\":{\"type\":\"integer\"},\"notifications\":{\"type\":\"integer\"}},"
        "\"required\":[\"message\"]}}]}");
  else answer(id, id_length, "{}");
}

int main(void) {
  size_t size = 65536, length = 0;
  char *in = malloc(size + 1);
  for (;;) {
    if (in == NULL) return 1;
    ssize_t got = read(0, in + length, size - length);
    if (got <= 0) return 0;
    size_t searched = length;
    length += (size_t)got;
    char *start = in, *newline;
    while ((newline = memchr(in + searched, '\n', length - searched)) != NULL) {
      *newline = '\0';
      receive(start);
      start = newline + 1;
      searched = (size_t)(start - in);
    }
    flush();
    length -= (size_t)(start - in);
    memmove(in, start, length);
    if (length == size) in = realloc(in, (size *= 2) + 1);
  }
}
