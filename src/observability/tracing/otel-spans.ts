import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from "@opentelemetry/api";
import type { Emit, GatewayEvent } from "../../protocol/events.ts";
import type { CallSpan } from "../../protocol/exchange.ts";
import type { CallOpening, RequestArrival, Spans } from "../../protocol/spans.ts";
import { traceContextOf } from "../../protocol/trace-meta.ts";
import { callAttributes, callName, failureAttributes, REQUEST_ID, SERVER } from "./call-attributes.ts";
import { RequestSpans } from "./request-spans.ts";
import { readTraceContext, writeTraceContext } from "./trace-context.ts";

const PATH_LENGTH = 256;
/** The methods of RFC 9110 and PATCH; others are any text (OpenTelemetry semantic conventions, HTTP spans). */
const HTTP_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

/** Spans through @opentelemetry/api, which passes them to the SDK that is registered. */
export class OtelSpans implements Spans {
  readonly #tracer: Tracer;
  readonly #emit: Emit;
  readonly #requests = new RequestSpans();
  /** The starts that are going on, by pid. */
  readonly #starts = new Map<number, Span>();
  #hasFailed = false;

  constructor(version: string, emit: Emit) {
    this.#tracer = trace.getTracer("mcp-gateway", version);
    this.#emit = emit;
  }

  request({ requestId, method, path, headers }: RequestArrival): (status: number) => void {
    const span = this.#quietly(() => {
      const known = HTTP_METHODS.has(method);
      return this.#tracer.startSpan(
        known ? method : "HTTP",
        {
          kind: SpanKind.SERVER,
          attributes: {
            "http.request.method": known ? method : "_OTHER",
            "url.path": path.slice(0, PATH_LENGTH),
            "url.scheme": "http",
            [REQUEST_ID]: requestId,
          },
        },
        // Instrumentation of the user may have made a span of this request already.
        trace.getActiveSpan() === undefined
          ? contextOf(readTraceContext(headers["traceparent"], headers["tracestate"]))
          : undefined,
      );
    });
    if (span === undefined) return () => undefined;
    this.#requests.begin(requestId, span.spanContext());
    return (status) => {
      this.#requests.end(requestId);
      this.#quietly(() => {
        span.setAttribute("http.response.status_code", status);
        if (status >= 500) fail(span, { "error.type": String(status) });
        span.end();
      });
    };
  }

  /**
   * The trace context of the message goes before that of its HTTP request, which is linked then (OpenTelemetry semantic conventions,
   * MCP, context propagation).
   */
  call(opening: CallOpening): CallSpan {
    const request = this.#requests.of(opening.requestId);
    const given = traceContextOf(opening.frame);
    const own = given && readTraceContext(given.traceparent, given.tracestate);
    const span = this.#quietly(() =>
      this.#tracer.startSpan(
        callName(opening),
        {
          kind: SpanKind.SERVER,
          attributes: callAttributes(opening),
          links: own !== undefined && request !== undefined ? [{ context: request }] : [],
        },
        contextOf(own ?? request),
      ),
    );
    return {
      context: span && writeTraceContext(span.spanContext()),
      end: (exchange, outcome, answer) => {
        this.#quietly(() => {
          const failure = failureAttributes(exchange, outcome, answer);
          if (span !== undefined && failure !== undefined) fail(span, failure);
          span?.end();
        });
      },
    };
  }

  /** The start of a process is a span from its spawn to its first message, part of the request that needed it. */
  hear(event: GatewayEvent): void {
    if (event.type === "server.started" && !event.isWarm) {
      const span = this.#quietly(() => this.#start(event));
      if (span !== undefined) this.#starts.set(event.pid, span);
    } else if (event.type === "server.ready") {
      this.#started(event.pid, undefined);
    } else if (event.type === "server.exited") {
      this.#started(event.pid, event.asked ? "ended" : "process_exited");
    }
  }

  #start({ server, sessionId, pid, command, requestId }: Extract<GatewayEvent, { type: "server.started" }>): Span {
    const attributes = {
      [SERVER]: server,
      "mcp.session.id": sessionId,
      "process.pid": pid,
      "process.command": command,
      ...(requestId !== undefined && { [REQUEST_ID]: requestId }),
    };
    return this.#tracer.startSpan(`start ${server}`, { attributes }, contextOf(this.#requests.of(requestId)));
  }

  #started(pid: number, error: string | undefined): void {
    const span = this.#starts.get(pid);
    if (span === undefined) return;
    this.#starts.delete(pid);
    this.#quietly(() => {
      if (error !== undefined) fail(span, { "error.type": error });
      span.end();
    });
  }

  /** An SDK that throws must not affect any request. Only its first error is logged. */
  #quietly<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (cause) {
      if (!this.#hasFailed) this.#emit({ type: "trouble", what: "the OpenTelemetry SDK failed", cause });
      this.#hasFailed = true;
      return undefined;
    }
  }
}

/** The context in which a span with this parent is started; by default the active one. */
function contextOf(parent: SpanContext | undefined): Context | undefined {
  return parent === undefined ? undefined : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function fail(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
