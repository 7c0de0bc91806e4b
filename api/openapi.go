package api

import (
	"encoding"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// openapi describes what is served, made from the table that serves it.
func (s *Server) openapi() map[string]any {
	paths := map[string]any{}
	for path, row := range s.rows {
		if row.scope == scopeOwner {
			continue // not over TCP
		}
		verbs := map[string]any{}
		for _, v := range row.verbs {
			verbs[strings.ToLower(v)] = row.operation(v)
		}
		paths[path] = verbs
	}
	for path, row := range s.feeds {
		paths[path] = map[string]any{"get": map[string]any{
			"summary": row.about, "operationId": "get" + strings.ReplaceAll(path, "/", "_"), "x-scope": ScopeRead, "parameters": row.params,
			"responses": map[string]any{"200": map[string]any{"description": "Server-sent events, without an end.", "content": map[string]any{eventStream: map[string]any{}}}},
		}}
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "lockctl", "version": "1", "description": "Access codes for smart locks."},
		"paths":   paths,
		"components": map[string]any{"securitySchemes": map[string]any{
			"api_key": map[string]any{"type": "http", "scheme": "bearer", "description": "An API key: lockctl keys create NAME"},
		}},
		"security": []any{map[string]any{"api_key": []string{}}},
	}
}

// eventStream is the kind of an answer that has no end.
const eventStream = "text/event-stream"

func (e *endpoint) operation(verb string) map[string]any {
	op := map[string]any{
		"summary": e.about, "operationId": strings.ToLower(verb) + strings.ReplaceAll(e.path, "/", "_"), "x-scope": e.scope,
		"responses": map[string]any{"200": e.answers(), "default": map[string]any{"description": "What was wrong.", "content": jsonOf(problemSchema())}},
	}
	if len(e.gives) > 0 {
		op["x-response-key"] = e.gives[0].key
	}
	params := []any{}
	if e.scope == ScopeWrite {
		params = append(params, map[string]any{"name": keyHeader, "in": "header", "schema": map[string]any{"type": "string", "maxLength": maxIdempotency},
			"description": "Names the command: sent again under its name, it is answered again and not done twice."})
	}
	takes := e.takes.fields
	if verb == http.MethodGet || verb == http.MethodDelete {
		for _, f := range takes {
			params = append(params, map[string]any{"name": f.name, "in": "query", "required": f.need, "description": f.Tag.Get("doc"), "schema": schema(f.Type, nil)})
		}
		op["parameters"] = params
		return op
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	props, need := map[string]any{}, []string{}
	for _, f := range takes {
		p := schema(f.Type, nil)
		p["description"] = f.Tag.Get("doc")
		props[f.name] = p
		if f.also != "" {
			props[f.also] = map[string]any{"description": "another name for " + f.name, "type": p["type"]}
		}
		if f.need {
			need = append(need, f.name)
		}
	}
	body := map[string]any{"type": "object", "properties": props, "additionalProperties": false}
	if len(need) > 0 {
		body["required"] = need
	}
	op["requestBody"] = map[string]any{"required": len(need) > 0, "content": jsonOf(body)}
	return op
}

func (e *endpoint) answers() map[string]any {
	props := map[string]any{"ok": map[string]any{"type": "boolean", "const": true}}
	for _, g := range e.gives {
		props[g.key] = schema(reflect.TypeOf(g.value), nil)
	}
	return map[string]any{"description": "It is done.", "content": jsonOf(map[string]any{"type": "object", "properties": props, "required": []string{"ok"}})}
}

func jsonOf(schema map[string]any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

func problemSchema() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"type": "object", "properties": map[string]any{
		"ok": map[string]any{"type": "boolean", "const": false},
		"error": map[string]any{"type": "object", "required": []string{"type", "message"}, "properties": map[string]any{
			"type": text, "message": text, "data": map[string]any{"type": "object"}, "validation_errors": map[string]any{"type": "object"},
		}},
	}}
}

// schema is the JSON schema of a Go type as encoding/json writes it. within are the types around it.
func schema(t reflect.Type, within []reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[stamp]():
		return map[string]any{"type": []string{"string", "null"}, "format": "date-time"}
	case t == reflect.TypeFor[maybe]():
		return map[string]any{"type": []string{"string", "null"}}
	case t == reflect.TypeFor[json.RawMessage](), slices.Contains(within, t):
		return map[string]any{}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schema(t.Elem(), within)
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schema(t.Elem(), append(within, t))}
	case reflect.Struct:
		return structSchema(t, append(within, t))
	}
	return map[string]any{"type": "object"}
}

func structSchema(t reflect.Type, within []reflect.Type) map[string]any {
	props, need := map[string]any{}, []string{}
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			inner := structSchema(f.Type, within)
			for k, v := range inner["properties"].(map[string]any) {
				if _, nearer := props[k]; !nearer {
					props[k] = v
				}
			}
			need = append(need, inner["required"].([]string)...)
			continue
		case name == "":
			name = f.Name
		}
		props[name] = schema(f.Type, within)
		if rest == "" {
			need = append(need, name)
		}
	}
	return map[string]any{"type": "object", "properties": props, "required": need}
}
