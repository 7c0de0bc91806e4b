package scenario

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Load reads and checks the scenario file at path. The error is Diagnostics where the file is wrong, and another where it
// can't be read.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Decode(path, data)
}

// Decode checks a scenario. path is what the sentences about it begin with. The error is Diagnostics: every mistake, by
// position; a mistake of TOML itself hides what comes after it.
func Decode(path string, data []byte) (*File, error) {
	d := &diags{path: path}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if tree, ok := parse(d, data); ok {
		r, _ := rootShape().read(value{d, path, tree, index(data)})
		f := resolve(d, r)
		if len(d.list) == 0 {
			return f, nil
		}
	}
	return nil, d.err()
}

// parse turns bytes into a tree, or says what is wrong with them as text or as TOML. The tree is go-toml's: its own rules
// about duplicate and redefined keys and impossible dates hold.
func parse(d *diags, data []byte) (map[string]any, bool) {
	if len(data) > MaxBytes {
		d.add(Pos{1, 1}, "the file is larger than %d KiB", MaxBytes>>10)
		return nil, false
	}
	if !utf8.Valid(data) {
		at := 0
		for at < len(data) {
			r, n := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		d.add(linesOf(data).pos(uint32(at)), "the file is not UTF-8")
		return nil, false
	}
	tree := map[string]any{}
	if err := toml.Unmarshal(data, &tree); err != nil {
		at := Pos{1, 1}
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			at.Line, at.Col = e.Position()
		}
		d.add(at, "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return nil, false
	}
	if len(tree) == 0 {
		d.add(Pos{1, 1}, "the file is empty: a scenario begins with [scenario]")
		return nil, false
	}
	return tree, true
}
