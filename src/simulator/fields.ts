import { isObject, type JsonObject } from './shape.ts';

/** What a tool's schema asks for, in its order. */
export type Field =
  | LabelField
  /** How sure the label field before it is; null if there is none that lacks one. */
  | { kind: 'number'; name: string; of: string | null }
  | { kind: 'text'; name: string }
  | { kind: 'other'; name: string; empty: unknown };

export interface LabelField {
  kind: 'label';
  name: string;
  labels: string[];
}

export function fieldsOf(schema: JsonObject): Field[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  let unpaired: string | null = null;
  return Object.entries(properties).map(([name, property]) => {
    const field = fieldOf(name, isObject(property) ? property : {}, unpaired);
    if (field.kind === 'label') unpaired = name;
    if (field.kind === 'number') unpaired = null;
    return field;
  });
}

function fieldOf(name: string, property: JsonObject, unpaired: string | null): Field {
  const labels = Array.isArray(property['enum']) ? property['enum'].filter(isText) : [];
  if (labels.length > 0) return { kind: 'label', name, labels };
  const type = property['type'];
  if (type === 'number' || type === 'integer') return { kind: 'number', name, of: unpaired };
  if (type === 'boolean') return { kind: 'other', name, empty: false };
  if (type === 'array') return { kind: 'other', name, empty: [] };
  if (type === 'object') return { kind: 'other', name, empty: {} };
  return { kind: 'text', name };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
