// An OpenTelemetry SDK that sends the gateway's spans to a collector over OTLP. Install these packages beside it, and start the
// gateway with it:
//   npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/exporter-trace-otlp-http
//   OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 node --import ./otel.mjs dist/main.js -c config.yaml
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const spans = new BatchSpanProcessor(new OTLPTraceExporter());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [spans] }));
process.once("SIGTERM", () => void spans.forceFlush());
