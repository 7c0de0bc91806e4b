package engine

import (
	"encoding"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
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
	encodeUndo   = encoderOf[undo]()
	encodeLink   = encoderOf[link]()
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
	return func(b []byte, v *T) []byte { return enc(b, unsafe.Pointer(v)) }
}

// encoder appends the value at p, which is of the type that the encoder was made for. Fields are found by their offset: a
// reflect.Value for each of them, most of which are left out as zero, took half the time of a record.
type encoder func(b []byte, p unsafe.Pointer) []byte

func encoderFor(t reflect.Type) encoder {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return encodeTime
	case t == reflect.TypeFor[vaultPIN]():
		return encodePIN
	case t == reflect.TypeFor[past]():
		return encodePast()
	case t == reflect.TypeFor[driver.Blame]():
		return func(b []byte, p unsafe.Pointer) []byte { return appendText(b, (*driver.Blame)(p).String()) }
	case marshals(t):
		return encodeAny(t)
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, p unsafe.Pointer) []byte { return appendText(b, *(*string)(p)) }
	case reflect.Bool:
		return func(b []byte, p unsafe.Pointer) []byte { return strconv.AppendBool(b, *(*bool)(p)) }
	case reflect.Int:
		return encodeInt[int]
	case reflect.Int64:
		return encodeInt[int64]
	case reflect.Uint8:
		return encodeUint[uint8]
	case reflect.Uint16:
		return encodeUint[uint16]
	case reflect.Uint32:
		return encodeUint[uint32]
	case reflect.Float32:
		return encodeFloat[float32](t)
	case reflect.Float64:
		return encodeFloat[float64](t)
	case reflect.Pointer:
		return encodePointer(t)
	case reflect.Slice:
		return encodeSlice(t)
	case reflect.Struct:
		return encodeStruct(t)
	}
	return encodeAny(t)
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
func encodeAny(t reflect.Type) encoder {
	return func(b []byte, p unsafe.Pointer) []byte {
		return append(b, encode(reflect.NewAt(t, p).Elem().Interface())...)
	}
}

// encodeTime writes an instant in UTC by itself: a record has a dozen of them, which took a quarter of its time.
func encodeTime(b []byte, p unsafe.Pointer) []byte {
	t := (*time.Time)(p)
	year, month, day := t.Date()
	if t.Location() != time.UTC || year < 1000 || year > 9999 {
		return encodeTimeAnywhere(b, t)
	}
	hour, minute, second := t.Clock()
	b = append(b, `"2006-01-02T15:04:05`...)
	x := (*[19]byte)(b[len(b)-19:])
	x[0], x[1], x[2], x[3] = digit(year/1000), digit(year/100%10), digit(year/10%10), digit(year%10)
	x[5], x[6] = digit(int(month)/10), digit(int(month)%10)
	x[8], x[9] = digit(day/10), digit(day%10)
	x[11], x[12] = digit(hour/10), digit(hour%10)
	x[14], x[15] = digit(minute/10), digit(minute%10)
	x[17], x[18] = digit(second/10), digit(second%10)
	if fraction := t.Nanosecond(); fraction != 0 {
		b = append(b, ".000000000"...)
		for i := len(b) - 1; fraction != 0; i-- {
			b[i] = digit(fraction % 10)
			fraction /= 10
		}
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return append(b, 'Z', '"')
}

func digit(n int) byte { return byte('0' + n) }

func encodeTimeAnywhere(b []byte, t *time.Time) []byte {
	b = append(b, '"')
	b, err := t.AppendText(b)
	if err != nil {
		panic(fmt.Sprintf("engine: record: %v", err))
	}
	return append(b, '"')
}

func encodePIN(b []byte, p unsafe.Pointer) []byte {
	b = append(b, '"')
	b = append(b, (*vaultPIN)(p).Reveal()...)
	return append(b, '"')
}

func encodeInt[T int | int64](b []byte, p unsafe.Pointer) []byte {
	return strconv.AppendInt(b, int64(*(*T)(p)), 10)
}

func encodeUint[T uint8 | uint16 | uint32](b []byte, p unsafe.Pointer) []byte {
	return strconv.AppendUint(b, uint64(*(*T)(p)), 10)
}

func encodeFloat[T float32 | float64](t reflect.Type) encoder {
	exponent := encodeAny(t)
	return func(b []byte, p unsafe.Pointer) []byte {
		f := float64(*(*T)(p))
		if a := math.Abs(f); f != 0 && (a < 1e-6 || a >= 1e21) {
			return exponent(b, p)
		}
		return strconv.AppendFloat(b, f, 'f', -1, t.Bits())
	}
}

func encodePointer(t reflect.Type) encoder {
	to := encoderFor(t.Elem())
	return func(b []byte, p unsafe.Pointer) []byte {
		if p = *(*unsafe.Pointer)(p); p == nil {
			return append(b, "null"...)
		}
		return to(b, p)
	}
}

func encodeSlice(t reflect.Type) encoder {
	if t.Elem().Kind() == reflect.Uint8 {
		return encodeAny(t) // base64
	}
	element, size := encoderFor(t.Elem()), t.Elem().Size()
	return func(b []byte, p unsafe.Pointer) []byte {
		list := *(*[]byte)(p) // of whatever type: only where it begins and how many there are is looked at
		if list == nil {
			return append(b, "null"...)
		}
		b = append(b, '[')
		for i := range len(list) {
			if i > 0 {
				b = append(b, ',')
			}
			b = element(b, unsafe.Add(unsafe.Pointer(unsafe.SliceData(list)), uintptr(i)*size))
		}
		return append(b, ']')
	}
}

// encodePast writes the list out only if it has changed since the last time.
func encodePast() encoder {
	list := encoderOf[[]erased]()
	return func(b []byte, p unsafe.Pointer) []byte {
		x := (*past)(p)
		if x.text == nil {
			x.text = list(nil, &x.list)
		}
		return append(b, x.text...)
	}
}

// field is an exported field of a struct.
type field struct {
	offset uintptr
	name   string // after a comma, with quotes and colon
	omits  omission
	word   uintptr                   // of omitBits: the offset of the eight bytes that tell
	mask   uint64                    // and which bits of them
	zero   func(unsafe.Pointer) bool // of omitAsked
	write  encoder
}

// omission is how it is told that a field is left out, since it is zero.
type omission uint8

const (
	omitNever omission = iota
	omitBits           // by some bits: most fields of most records are zero, so that this has to be quick
	omitTime
	omitAsked // by field.zero
)

func encodeStruct(t reflect.Type) encoder {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return encodeAny(t)
		}
		name, omit, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name != "" || omit != "" && omit != "omitzero" {
			return encodeAny(t)
		}
		x := field{offset: f.Offset, name: "," + strconv.Quote(f.Name) + ":", write: encoderFor(f.Type)}
		if omit != "" {
			x.omit(f.Type, t)
		}
		fields = append(fields, x)
	}
	return func(b []byte, p unsafe.Pointer) []byte {
		open := len(b)
		for i := range fields {
			f := &fields[i]
			x := unsafe.Add(p, f.offset)
			switch f.omits {
			case omitBits:
				if *(*uint64)(unsafe.Add(p, f.word))&f.mask == 0 {
					continue
				}
			case omitTime:
				if (*time.Time)(x).IsZero() {
					continue
				}
			case omitAsked:
				if f.zero(x) {
					continue
				}
			}
			b = append(b, f.name...)
			b = f.write(b, x)
		}
		if len(b) == open {
			return append(b, "{}"...)
		}
		b[open] = '{' // for the first comma
		return append(b, '}')
	}
}

// omit has a field of type t, of a struct in, left out where it is zero.
func (f *field) omit(t, in reflect.Type) {
	type zeroer interface{ IsZero() bool }
	const word = unsafe.Sizeof(uintptr(0))
	f.omits, f.zero = omitAsked, func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() }
	switch {
	case t == reflect.TypeFor[time.Time]():
		f.omits = omitTime
		return
	case t == reflect.TypeFor[vaultPIN](), t == reflect.TypeFor[past](): // their first pointer
		f.omitBits(f.offset, word, in)
		return
	case t == reflect.TypeFor[lock.Window]():
		f.zero = func(p unsafe.Pointer) bool { return (*lock.Window)(p).IsZero() }
		return
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(reflect.TypeFor[zeroer]()):
		f.zero = func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Interface().(zeroer).IsZero() }
		return
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Float32, reflect.Int, reflect.Int64, reflect.Pointer:
		f.omitBits(f.offset, t.Size(), in)
	case reflect.Slice: // its pointer
		f.omitBits(f.offset, word, in)
	case reflect.String: // its length
		f.omitBits(f.offset+word, word, in)
	}
}

// omitBits has a field left out if so many bytes of the struct from an offset on are zero, unless the eight bytes around them reach
// beyond its end.
func (f *field) omitBits(at, size uintptr, in reflect.Type) {
	word := at &^ 7
	if word+8 > in.Size() {
		return
	}
	var mask [8]byte
	for i := range size {
		mask[at-word+i] = 0xff
	}
	f.omits, f.word, f.mask = omitBits, word, binary.NativeEndian.Uint64(mask[:])
}

// plain are the bytes that stand in a text as they are.
var plain = func() (bytes [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		bytes[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return bytes
}()

// appendText writes a string. Most need nothing escaped.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			return append(b, encode(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
