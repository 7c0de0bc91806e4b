package engine

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/accesscodes/lockctl/driver"
)

// Where a lock is not in the cache, reading it was half of a step, and encoding/json most of that. What follows reads the very text
// that the encoders write, several times faster, and in the same manner. It gives up at whatever else there may be, of an older
// record or a damaged one: that is left to encoding/json, which says what is wrong with it. What it does take means the same to both.

// The records of the hot paths.
var (
	decodeConfig = decoderOf[config]()
	decodeRun    = decoderOf[run]()
	decodeCode   = decoderOf[code]()
	decodeHeld   = decoderOf[[]entry]()
	decodeEvent  = decoderOf[Event]()
)

// unmarshal is json.Unmarshal into a v that is zero.
func unmarshal[T any](val []byte, v *T) error {
	taken := false
	switch v := any(v).(type) {
	case *config:
		taken = decodeConfig(val, v)
	case *run:
		taken = decodeRun(val, v)
	case *code:
		taken = decodeCode(val, v)
	case *[]entry:
		taken = decodeHeld(val, v)
	case *Event:
		taken = decodeEvent(val, v)
	}
	if taken {
		return nil
	}
	var zero T
	*v = zero
	return json.Unmarshal(val, v)
}

// decoderOf returns what reads a T into a zero value of it, and reports whether it did; else the value is left half read. T must
// not contain itself.
func decoderOf[T any]() func(s []byte, v *T) bool {
	dec := decoderFor(reflect.TypeFor[T]())
	return func(s []byte, v *T) bool { return dec(s, 0, unsafe.Pointer(v)) == len(s) }
}

// decoder reads the value that begins at s[at] into p, which is zero and of the type that the decoder was made for. It returns where
// the value ends, or otherwise. Nothing at p shares memory with s.
type decoder func(s []byte, at int, p unsafe.Pointer) int

// otherwise is no index: the text is not what an encoder writes.
const otherwise = -1

func decoderFor(t reflect.Type) decoder {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return decodeTime
	case t == reflect.TypeFor[vaultPIN]():
		return decodePIN
	case t == reflect.TypeFor[past]():
		list := decoderFor(reflect.TypeFor[[]erased]())
		return func(s []byte, at int, p unsafe.Pointer) int { return list(s, at, unsafe.Pointer(&(*past)(p).list)) }
	case t == reflect.TypeFor[driver.Blame]():
		return decodeBlame
	case unmarshals(t):
		return decodeAny(t)
	}
	switch t.Kind() {
	case reflect.String:
		return decodeText
	case reflect.Bool:
		return decodeBool
	case reflect.Int:
		return decodeInt[int]
	case reflect.Int64:
		return decodeInt[int64]
	case reflect.Uint8:
		return decodeUint[uint8]
	case reflect.Uint16:
		return decodeUint[uint16]
	case reflect.Uint32:
		return decodeUint[uint32]
	case reflect.Float32:
		return decodeFloat[float32]
	case reflect.Float64:
		return decodeFloat[float64]
	case reflect.Pointer:
		return decodePointer(t)
	case reflect.Slice:
		return decodeSlice(t)
	case reflect.Struct:
		return decodeStruct(t)
	}
	return decodeAny(t)
}

// unmarshals reports whether a type has its own way to be read.
func unmarshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// decodeAny leaves a value to encoding/json.
func decodeAny(t reflect.Type) decoder {
	return func(s []byte, at int, p unsafe.Pointer) int {
		end := skip(s, at)
		if json.Unmarshal(s[at:end], reflect.NewAt(t, p).Interface()) != nil {
			return otherwise
		}
		return end
	}
}

// skip returns where the value that begins at s[at] ends, if it is one.
func skip(s []byte, at int) int {
	depth := 0
	for at < len(s) {
		switch s[at] {
		case '"':
			for at++; at < len(s) && s[at] != '"'; at++ {
				if s[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return at
			}
			if s[at] != ',' {
				depth--
			}
		}
		at++
	}
	return len(s)
}

func is(s []byte, at int, c byte) bool { return at < len(s) && s[at] == c }

// follows reports whether a word begins at s[at].
func follows(s []byte, at int, word string) bool {
	return len(s)-at >= len(word) && string(s[at:at+len(word)]) == word
}

func decodeBool(s []byte, at int, p unsafe.Pointer) int {
	switch {
	case follows(s, at, "true"):
		*(*bool)(p) = true
		return at + len("true")
	case follows(s, at, "false"):
		return at + len("false")
	}
	return otherwise
}

// quoted returns where the text ends that begins with a quote at s[at], behind its last quote. It must be what it says: nothing
// in it escaped, nor broken.
func quoted(s []byte, at int) int {
	if !is(s, at, '"') {
		return otherwise
	}
	wide := false
	for i := at + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if wide && !utf8.Valid(s[at:i]) {
				return otherwise
			}
			return i + 1
		case c < ' ' || c == '\\':
			return otherwise
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	return otherwise
}

func decodeText(s []byte, at int, p unsafe.Pointer) int {
	end := quoted(s, at)
	if end == otherwise {
		return decodeEscaped(s, at, p)
	}
	*(*string)(p) = string(s[at+1 : end-1])
	return end
}

var decodeEscaped = decodeAny(reflect.TypeFor[string]())

func decodePIN(s []byte, at int, p unsafe.Pointer) int {
	end := quoted(s, at)
	if end == otherwise || (*vaultPIN)(p).UnmarshalText(s[at+1:end-1]) != nil {
		return otherwise
	}
	return end
}

func decodeBlame(s []byte, at int, p unsafe.Pointer) int {
	end := quoted(s, at)
	if end == otherwise || (*driver.Blame)(p).UnmarshalText(s[at+1:end-1]) != nil {
		return otherwise
	}
	return end
}

// decodeTime reads an instant in UTC by itself.
func decodeTime(s []byte, at int, p unsafe.Pointer) int {
	const form = `"2006-01-02T15:04:05`
	end := at + len(form)
	if end >= len(s) {
		return otherwise
	}
	nano := 0
	if s[end] == '.' {
		for unit := 100_000_000; unit > 0 && end+1 < len(s) && isDigit(s[end+1]); unit /= 10 {
			end++
			nano += unit * int(s[end]-'0')
		}
		end++
	}
	x := (*[len(form)]byte)(s[at:])
	year, month, day := 100*two(x[1], x[2])+two(x[3], x[4]), two(x[6], x[7]), two(x[9], x[10])
	hour, minute, second := two(x[12], x[13]), two(x[15], x[16]), two(x[18], x[19])
	if !follows(s, end, `Z"`) || s[end-1] == '.' || x[0] != '"' || x[5] != '-' || x[8] != '-' || x[11] != 'T' || x[14] != ':' || x[17] != ':' ||
		year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return decodeTimeAnywhere(s, at, p)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	if y, m, d := t.Date(); y != year || int(m) != month || d != day {
		return otherwise
	}
	*(*time.Time)(p) = t
	return end + len(`Z"`)
}

var decodeTimeAnywhere = decodeAny(reflect.TypeFor[time.Time]())

func isDigit(c byte) bool { return c-'0' <= 9 }

// two is the number of two digits, less than 0 if they are none.
func two(a, b byte) int {
	if !isDigit(a) || !isDigit(b) {
		return -1 << 16
	}
	return int(a-'0')*10 + int(b-'0')
}

// whole returns where the digits of an integer end that begins at s[at]; a 0 is the only one that begins with 0.
func whole(s []byte, at int) int {
	end := at
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if end == at || s[at] == '0' && end > at+1 {
		return otherwise
	}
	return end
}

func decodeInt[T int | int64](s []byte, at int, p unsafe.Pointer) int {
	from := at
	if is(s, at, '-') {
		from++
	}
	end := whole(s, from)
	if end == otherwise {
		return otherwise
	}
	n, err := strconv.ParseInt(string(s[at:end]), 10, int(unsafe.Sizeof(T(0)))*8)
	if err != nil {
		return otherwise
	}
	*(*T)(p) = T(n)
	return end
}

func decodeUint[T uint8 | uint16 | uint32](s []byte, at int, p unsafe.Pointer) int {
	end := whole(s, at)
	if end == otherwise {
		return otherwise
	}
	n, err := strconv.ParseUint(string(s[at:end]), 10, int(unsafe.Sizeof(T(0)))*8)
	if err != nil {
		return otherwise
	}
	*(*T)(p) = T(n)
	return end
}

func decodeFloat[T float32 | float64](s []byte, at int, p unsafe.Pointer) int {
	end := at
	if is(s, at, '-') {
		end++
	}
	if end = whole(s, end); end != otherwise && is(s, end, '.') {
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	if end == otherwise || s[end-1] == '.' {
		return otherwise
	}
	f, err := strconv.ParseFloat(string(s[at:end]), int(unsafe.Sizeof(T(0)))*8)
	if err != nil {
		return otherwise
	}
	*(*T)(p) = T(f)
	return end
}

func decodePointer(t reflect.Type) decoder {
	to := decoderFor(t.Elem())
	return func(s []byte, at int, p unsafe.Pointer) int {
		if follows(s, at, "null") {
			return at + len("null")
		}
		x := reflect.New(t.Elem()).UnsafePointer()
		*(*unsafe.Pointer)(p) = x
		return to(s, at, x)
	}
}

func decodeSlice(t reflect.Type) decoder {
	if t.Elem().Kind() == reflect.Uint8 {
		return decodeAny(t) // base64
	}
	element, size := decoderFor(t.Elem()), t.Elem().Size()
	return func(s []byte, at int, p unsafe.Pointer) int {
		if follows(s, at, "null") {
			return at + len("null")
		}
		if !is(s, at, '[') {
			return otherwise
		}
		list := reflect.NewAt(t, p).Elem()
		if is(s, at+1, ']') {
			list.Set(reflect.MakeSlice(t, 0, 0))
			return at + len("[]")
		}
		for n := 0; ; n++ {
			list.Grow(1)
			list.SetLen(n + 1)
			at = element(s, at+1, unsafe.Add(list.UnsafePointer(), uintptr(n)*size))
			switch {
			case at == otherwise || at == len(s):
				return otherwise
			case s[at] == ']':
				return at + 1
			case s[at] != ',':
				return otherwise
			}
		}
	}
}

func decodeStruct(t reflect.Type) decoder {
	type field struct {
		offset uintptr
		name   string
		read   decoder
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous || name != "" && name != "-":
			return decodeAny(t)
		case f.IsExported() && name == "":
			fields = append(fields, field{f.Offset, f.Name, decoderFor(f.Type)})
		}
	}
	return func(s []byte, at int, p unsafe.Pointer) int {
		switch {
		case !is(s, at, '{'):
			return otherwise
		case is(s, at+1, '}'):
			return at + len("{}")
		}
		for next := 0; ; next++ { // they come in their order, each once
			from := at + len(`{"`) // or a comma
			end := from
			for end < len(s) && s[end] != '"' {
				end++
			}
			if !follows(s, end, `":`) || s[from-1] != '"' {
				return otherwise
			}
			for next < len(fields) && string(s[from:end]) != fields[next].name {
				next++
			}
			if next == len(fields) {
				return otherwise
			}
			at = fields[next].read(s, end+len(`":`), unsafe.Add(p, fields[next].offset))
			switch {
			case at == otherwise || at == len(s):
				return otherwise
			case s[at] == '}':
				return at + 1
			case s[at] != ',':
				return otherwise
			}
		}
	}
}
