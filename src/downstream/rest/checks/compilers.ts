import type { Ajv, Format, ValidateFunction } from "ajv";
import { LONG_TEXT } from "./instance-size.ts";

/** How a schema is compiled: its dialect, and whether a check reports all errors or stops at the first. */
export interface HowToCompile {
  readonly isDraft07: boolean;
  readonly allErrors: boolean;
}

export type Compile = (schema: object, how: HowToCompile) => ValidateFunction;

/**
 * The formats that are checked. Excluded are `url`, whose regular expression takes quadratic time, and `regex`, which would
 * compile an expression of the caller.
 */
const FORMATS = [
  ...(["date", "time", "date-time", "iso-time", "iso-date-time", "duration"] as const),
  ...(["uri", "uri-reference", "uri-template", "email", "hostname", "ipv4", "ipv6", "uuid"] as const),
  ...(["json-pointer", "json-pointer-uri-fragment", "relative-json-pointer", "byte"] as const),
];
const NUMBER_FORMATS = ["int32", "int64", "float", "double"] as const;

/** Loads ajv lazily: most commands and sessions of the gateway never need it. */
export async function loadCompiler(): Promise<Compile> {
  // Through `default`, the only export of a bundled CommonJS module.
  const [
    {
      default: { Ajv },
    },
    {
      default: { Ajv2020 },
    },
    {
      default: { default: formats },
    },
  ] = await Promise.all([import("ajv"), import("ajv/dist/2020.js"), import("ajv-formats")]);

  const addFormats = <T extends Ajv>(ajv: T): T => {
    for (const name of FORMATS)
      ajv.addFormat(name, { type: "string", validate: ofShortTexts(formats.get(name, "fast")) });
    for (const name of NUMBER_FORMATS) ajv.addFormat(name, formats.get(name));
    return ajv;
  };

  return (schema, { isDraft07, allErrors }) => {
    // Not validated against the meta-schema: a schema that cannot be compiled throws anyway.
    const options = { strict: false, allErrors, logger: false, validateSchema: false } as const;
    // A compiler per schema: a shared one would keep compiled schemas of removed tools alive.
    const ajv = isDraft07 ? new Ajv(options) : new Ajv2020(options);
    return addFormats(ajv).compile(schema);
  };
}

/** Long texts pass unchecked: they come from the caller, and a regular expression may take long over them. */
function ofShortTexts(format: Format): (text: string) => boolean {
  const test = testOf(format);
  return (text) => text.length > LONG_TEXT || test(text);
}

function testOf(format: Format): (text: string) => boolean {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === "function") return format;
  if (typeof format === "object" && format.validate instanceof RegExp) return testOf(format.validate);
  return () => true;
}
