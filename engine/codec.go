package engine

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Records are written by nearly every step, and encoding/json was a third of its cost. What follows writes the very bytes
// that json.Marshal would, several times faster: it looks at the types once, and appends to a buffer that steps share.

// The records of the hot paths.
var (
	encodeRun    = encoderOf[run]()
	encodeCode   = encoderOf[code]()
	encodeHeld   = encoderOf[[]entry]()
	encodeEvent  = encoderOf[Event]()
	encodeCommit = encoderOf[commitMark]()
)

// encode marshals a record of another path. Records hold nothing that can't be marshalled, so an error is a bug.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("engine: record %T: %v", v, err))
	}
	return b
}

// encoderOf returns what appends a T as json.Marshal writes it. T must not contain itself.
func encoderOf[T any]() func(b []byte, v *T) []byte {
	enc := encoderFor(reflect.TypeFor[T]())
	return func(b []byte, v *T) []byte { return enc(b, reflect.ValueOf(v).Elem()) }
}

// encoder appends a value, which is addressable.
type encoder func(b []byte, v reflect.Value) []byte

func encoderFor(t reflect.Type) encoder {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return encodeTime
	case t == reflect.TypeFor[vaultPIN]():
		return encodePIN
	case marshals(t):
		return encodeAny
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) []byte { return appendText(b, v.String()) }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) []byte { return strconv.AppendBool(b, v.Bool()) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) []byte { return strconv.AppendInt(b, v.Int(), 10) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(b []byte, v reflect.Value) []byte { return strconv.AppendUint(b, v.Uint(), 10) }
	case reflect.Float32, reflect.Float64:
		return encodeFloat
	case reflect.Pointer:
		return encodePointer(t)
	case reflect.Slice:
		return encodeSlice(t)
	case reflect.Struct:
		return encodeStruct(t)
	}
	return encodeAny
}

// marshals reports whether a type has its own way to be written.
func marshals(t reflect.Type) bool {
	for _, own := range [...]reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(own) || reflect.PointerTo(t).Implements(own) {
			return true
		}
	}
	return false
}

// encodeAny leaves a value to encoding/json.
func encodeAny(b []byte, v reflect.Value) []byte { return append(b, encode(v.Interface())...) }

func encodeTime(b []byte, v reflect.Value) []byte {
	b = append(b, '"')
	b, err := v.Addr().Interface().(*time.Time).AppendText(b)
	if err != nil {
		panic(fmt.Sprintf("engine: record: %v", err))
	}
	return append(b, '"')
}

func encodePIN(b []byte, v reflect.Value) []byte {
	b = append(b, '"')
	b = append(b, v.Addr().Interface().(*vaultPIN).Reveal()...)
	return append(b, '"')
}

func encodeFloat(b []byte, v reflect.Value) []byte {
	f := v.Float()
	if a := math.Abs(f); f != 0 && (a < 1e-6 || a >= 1e21) {
		return encodeAny(b, v) // with an exponent
	}
	return strconv.AppendFloat(b, f, 'f', -1, v.Type().Bits())
}

func encodePointer(t reflect.Type) encoder {
	to := encoderFor(t.Elem())
	return func(b []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(b, "null"...)
		}
		return to(b, v.Elem())
	}
}

func encodeSlice(t reflect.Type) encoder {
	if t.Elem().Kind() == reflect.Uint8 {
		return encodeAny // base64
	}
	element := encoderFor(t.Elem())
	return func(b []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(b, "null"...)
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = element(b, v.Index(i))
		}
		return append(b, ']')
	}
}

// field is an exported field of a struct.
type field struct {
	index int
	name  string // with quotes and colon
	zero  func(reflect.Value) bool
	write encoder
}

func encodeStruct(t reflect.Type) encoder {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return encodeAny
		}
		name, omit, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name != "" || omit != "" && omit != "omitzero" {
			return encodeAny
		}
		x := field{index: i, name: strconv.Quote(f.Name) + ":", write: encoderFor(f.Type)}
		if omit != "" {
			x.zero = zeroOf(f.Type)
		}
		fields = append(fields, x)
	}
	return func(b []byte, v reflect.Value) []byte {
		b = append(b, '{')
		for i := range fields {
			f := &fields[i]
			x := v.Field(f.index)
			if f.zero != nil && f.zero(x) {
				continue
			}
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(b, f.name...)
			b = f.write(b, x)
		}
		return append(b, '}')
	}
}

// zeroOf returns what tells whether a field of that type is left out.
func zeroOf(t reflect.Type) func(reflect.Value) bool {
	type zeroer interface{ IsZero() bool }
	switch {
	case t == reflect.TypeFor[time.Time]():
		return func(v reflect.Value) bool { return v.Addr().Interface().(*time.Time).IsZero() }
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(reflect.TypeFor[zeroer]()):
		return func(v reflect.Value) bool { return v.Addr().Interface().(zeroer).IsZero() }
	case t.Kind() == reflect.Pointer:
		return reflect.Value.IsNil
	}
	return reflect.Value.IsZero
}

// appendText writes a string. Most need nothing escaped.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(b, encode(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
