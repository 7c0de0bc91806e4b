package scenario

import (
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/internal/strict"
)

// What is wrong with a file, and where.
type (
	Pos         = strict.Pos
	Diagnostic  = strict.Diagnostic
	Diagnostics = strict.Diagnostics
	diags       = strict.Mistakes
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
	d := &diags{Path: path}
	if data, ok := strict.Text(d, data, MaxBytes); ok {
		if tree, ok := parse(d, data); ok {
			r, _ := rootShape().read(value{d, path, tree, strict.Index(data)})
			f := resolve(d, r)
			if d.Count() == 0 {
				return f, nil
			}
		}
	}
	return nil, d.Err()
}

// parse turns text into a tree, or says what is wrong with it as TOML. The tree is go-toml's: its own rules
// about duplicate and redefined keys and impossible dates hold.
func parse(d *diags, data []byte) (map[string]any, bool) {
	tree := map[string]any{}
	if err := toml.Unmarshal(data, &tree); err != nil {
		strict.Told(d, err)
		return nil, false
	}
	if len(tree) == 0 {
		d.Add(Pos{Line: 1, Col: 1}, "the file is empty: a scenario begins with [scenario]")
		return nil, false
	}
	return tree, true
}
