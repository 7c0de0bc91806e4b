package strict

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Text returns data without a byte order mark, or says that it is too large or not UTF-8.
func Text(d *Mistakes, data []byte, most int) ([]byte, bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > most {
		d.Add(Pos{1, 1}, "the file is larger than %d KiB", most>>10)
		return nil, false
	}
	if utf8.Valid(data) {
		return data, true
	}
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	d.Add(linesOf(data).pos(uint32(at)), "the file is not UTF-8")
	return nil, false
}

// Told notes what go-toml says about a file, where it says it.
func Told(d *Mistakes, err error) {
	at := Pos{1, 1}
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		at.Line, at.Col = e.Position()
	}
	d.Add(at, "%s", strings.TrimPrefix(err.Error(), "toml: "))
}
