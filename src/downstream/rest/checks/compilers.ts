import type { Ajv, Format, ValidateFunction } from "ajv";
import { LONG_TEXT } from "./instance-size.ts";

/** How a schema is compiled: the dialect, and whether a check finds every mistake or stops at the first. */
export interface HowToCompile {
  readonly isDraft07: boolean;
  readonly allErrors: boolean;
}

export type Compile = (schema: object, how: HowToCompile) => ValidateFunction;

/**
 * The formats that are checked. Not among them: `url`, whose expression takes time with the square of a text's length, and `regex`,
 * which is a program of the caller.
 */
const FORMATS = [
  ...(["date", "time", "date-time", "iso-time", "iso-date-time", "duration"] as const),
  ...(["uri", "uri-reference", "uri-template", "email", "hostname", "ipv4", "ipv6", "uuid"] as const),
  ...(["json-pointer", "json-pointer-uri-fragment", "relative-json-pointer", "byte"] as const),
];
const NUMBER_FORMATS = ["int32", "int64", "float", "double"] as const;

/** Loads ajv: most of the gateway's commands and sessions never need it. */
export async function loadCompiler(): Promise<Compile> {
  // By their default: where a CommonJS module was bundled it is all there is.
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
    // The schema is not checked against its own: what cannot be compiled says so.
    const options = { strict: false, allErrors, logger: false, validateSchema: false } as const;
    // A compiler of its own for each tool: one for all would keep what it compiled for tools long gone.
    const ajv = isDraft07 ? new Ajv(options) : new Ajv2020(options);
    return addFormats(ajv).compile(schema);
  };
}

/** A long text is taken to be right: it is the caller's, and an expression may take long over it. */
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
