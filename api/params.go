package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBody bounds the body of a request, in bytes.
const MaxBody = 1 << 20

// maxMistakes bounds the mistakes that one answer names.
const maxMistakes = 50

// params are the parameters of a request as JSON values, whether they came in a body or in a query string.
type params map[string]json.RawMessage

// field is a parameter that a struct takes: a Go field with the tags json (its name), also (another name for it), need
// ("true": it must be given) and doc (one sentence).
type field struct {
	reflect.StructField
	name, also string
	need       bool
}

// shape is the parameters of a struct type, worked out once: each request is read by it.
type shape struct {
	fields []field
	known  map[string]field // by their names, and by their other names
}

func shapeOf(t reflect.Type) shape {
	s := shape{fields(t), map[string]field{}}
	for _, f := range s.fields {
		s.known[f.name] = f
		if f.also != "" {
			s.known[f.also] = f
		}
	}
	return s
}

// fields lists the parameters of a struct type, those of embedded structs among them.
func fields(t reflect.Type) []field {
	var all []field
	for f := range t.Fields() {
		if f.Anonymous {
			for _, inner := range fields(f.Type) {
				inner.Index = append(slices.Clone(f.Index), inner.Index...)
				all = append(all, inner)
			}
			continue
		}
		all = append(all, field{f, f.Tag.Get("json"), f.Tag.Get("also"), f.Tag.Get("need") == "true"})
	}
	return all
}

// waste is how many bytes beyond MaxBody are taken, only to be forgotten.
const waste = 16 << 20

// read takes the parameters of a request: the body of a POST, PUT or PATCH, else the query string. A DELETE may have either.
func read(r *http.Request, as shape) (params, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodDelete && (r.URL.RawQuery != "" || r.ContentLength == 0) {
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, problem(http.StatusBadRequest, "invalid_input", "the query string can't be read: a % starts two hexadecimal digits, and a ; is written %3B")
		}
		return fromQuery(q, as)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case len(body) > MaxBody:
		_, _ = io.CopyN(io.Discard, r.Body, waste) // else a client that is still sending would see a broken connection, and no answer
		return nil, problem(http.StatusRequestEntityTooLarge, "payload_too_large", fmt.Sprintf("the body is larger than %d bytes", MaxBody))
	case err != nil:
		return nil, problem(http.StatusBadRequest, "invalid_input", "the body ends too early")
	case len(bytes.TrimSpace(body)) == 0:
		return params{}, nil
	case !utf8.Valid(body):
		return nil, problem(http.StatusBadRequest, "invalid_input", "the body is not UTF-8")
	}
	var in params
	if err := json.Unmarshal(body, &in); err != nil || in == nil {
		return nil, problem(http.StatusBadRequest, "invalid_input", "the body is not a JSON object"+where(err))
	}
	if twice := repeated(body, in); twice != "" {
		return nil, invalid(mistake{clip(twice), givenTwice})
	}
	return in, nil
}

// givenTwice is what is wrong with a parameter that has two values: nobody can tell which of them was meant.
const givenTwice = "is given twice"

// repeated is the first name that stands twice in the JSON object that was read as in, or "".
func repeated(body []byte, in params) string {
	if members(body) == len(in) {
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.Token() // the body was read before: it is an object without mistakes
	seen := map[string]bool{}
	for dec.More() {
		token, _ := dec.Token()
		name, _ := token.(string)
		if seen[name] {
			return name
		}
		seen[name] = true
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return ""
		}
	}
	return ""
}

// members is how many members a JSON object without mistakes has: its colons outside of strings, not those of what is in it.
func members(object []byte) (n int) {
	depth, quoted := 0, false
	for i := 0; i < len(object); i++ {
		switch c := object[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		case c == ':' && depth == 1:
			n++
		}
	}
	return n
}

// where tells the place of a mistake in JSON.
func where(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf(": it breaks off or goes wrong at byte %d", syntax.Offset)
	}
	return ""
}

// fromQuery reads a query string as SDKs write it: lists repeat their key, null and the empty list have no value, numbers and
// booleans stand as words.
func fromQuery(q url.Values, as shape) (params, error) {
	in := params{}
	for name, values := range q {
		f, ok := as.known[name]
		if !ok {
			in[name] = nil
			continue
		}
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Slice {
			if len(values) == 1 && values[0] == "" {
				values = nil
			}
			in[name], _ = json.Marshal(append([]string{}, values...))
			continue
		}
		if len(values) > 1 {
			return nil, invalid(mistake{name, givenTwice})
		}
		in[name] = word(values[0], kind)
	}
	return in, nil
}

// word is a single value of a query string as JSON.
func word(v string, kind reflect.Type) json.RawMessage {
	switch {
	case v == "":
		return json.RawMessage("null")
	case kind.Kind() == reflect.Bool && (v == "true" || v == "false"):
		return json.RawMessage(v)
	case kind.Kind() == reflect.Int:
		if _, err := strconv.Atoi(v); err == nil {
			return json.RawMessage(v)
		}
	}
	quoted, _ := json.Marshal(v)
	return quoted
}

// into fills a struct. Every mistake is named, each with its field.
func (in params) into(p any, as shape) error {
	to := reflect.ValueOf(p).Elem()
	var wrong []mistake
	for _, f := range as.fields {
		name := f.name // as the caller wrote it
		raw, given := in[name]
		if other, ok := in[f.also]; ok && f.also != "" {
			if given && !bytes.Equal(raw, other) {
				wrong = append(wrong, mistake{f.also, "is another name for " + f.name + ", and the two differ"})
			}
			name, raw, given = f.also, other, true
		}
		if !given || string(raw) == "null" {
			if f.need {
				wrong = append(wrong, mistake{f.name, "is required"})
			}
			continue
		}
		if why := fill(to.FieldByIndex(f.Index), raw); why != "" {
			wrong = append(wrong, mistake{name, why})
		}
	}
	for name := range in {
		if _, ok := as.known[name]; !ok {
			wrong = append(wrong, mistake{clip(name), "is not a parameter of this request"})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.SortStableFunc(wrong, func(a, b mistake) int { return strings.Compare(a.field, b.field) })
	return invalid(wrong[:min(len(wrong), maxMistakes)]...)
}

// fill reads one value into a field and says what is wrong with it, or "".
func fill(to reflect.Value, raw json.RawMessage) string {
	kind := to.Type()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
		fresh := reflect.New(kind)
		if why := fill(fresh.Elem(), raw); why != "" {
			return why
		}
		to.Set(fresh)
		return ""
	}
	if kind == reflect.TypeFor[time.Time]() {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return "must be an ISO 8601 timestamp"
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return "must be an ISO 8601 timestamp with an offset, such as 2026-03-28T15:00:00Z"
		}
		to.Set(reflect.ValueOf(at.UTC()))
		return ""
	}
	if kind.Kind() == reflect.String || kind.Kind() == reflect.Bool || kind.Kind() == reflect.Int {
		if json.Unmarshal(raw, to.Addr().Interface()) != nil {
			return "must be " + words(kind)
		}
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to.Addr().Interface()); err != nil {
		return "must be " + words(kind)
	}
	return ""
}

// words names a type to people.
func words(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "a list of strings"
		}
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a string"
}
