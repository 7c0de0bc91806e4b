// Package mutate finds out what no test would notice: without it, that all tests pass would say little about what they test. It
// writes one copy of a package in which every small mistake that it knows (a condition that always holds, a boundary moved by
// one, a statement left out) is switched on by a number in the environment, so that thousands of mutants cost one
// compilation. Then it runs scenarios and tests against each.
package mutate

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is one small change of the package.
type Mutant struct {
	N    int    // its number, from 1, in the order of files and lines
	File string // base name
	Line int
	Key  string // what is changed, and in which function: stays the same when lines move
}

func (m Mutant) String() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Key) }

// Copy is a package with all its mutants in it.
type Copy struct {
	Mutants []Mutant
	Files   map[string]string // the text of every changed or added file, by base name
}

// Package is a parsed and type-checked package.
type Package struct {
	dir   string
	fset  *token.FileSet
	files []source
	info  *types.Info
}

// source is one file of a package.
type source struct {
	name   string // base name
	text   string
	syntax *ast.File
}

// Load reads the package in a folder, without its tests.
func Load(dir string) (*Package, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles,Standard", ".")
	list.Dir, list.Stderr = dir, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w", dir, err)
	}
	exports := map[string]string{}
	var names []string
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		names = p.GoFiles // the last one is the package itself
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		texts[name] = string(text)
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	p, err := check(fset, imports, texts)
	if err != nil {
		return nil, err
	}
	p.dir = dir
	return p, nil
}

// check parses and type-checks the texts of a package.
func check(fset *token.FileSet, imports types.Importer, texts map[string]string) (*Package, error) {
	p := &Package{fset: fset, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	var syntax []*ast.File
	for name, text := range texts {
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, source{name, text, f})
	}
	slices.SortFunc(p.files, func(a, b source) int { return strings.Compare(a.name, b.name) })
	for _, f := range p.files {
		syntax = append(syntax, f.syntax)
	}
	conf := types.Config{Importer: imports}
	_, err := conf.Check(syntax[0].Name.Name, fset, syntax, p.info)
	return p, err
}

// Mutate writes the copy: it changes the chosen files, and in those that swap chooses neighbouring statements also change
// places.
func (p *Package) Mutate(choose, swap func(file string) bool) Copy {
	c := Copy{Files: map[string]string{}}
	seen := map[string]int{}
	for _, f := range p.files {
		if !choose(f.name) {
			continue
		}
		w := walker{pkg: p, src: f, swaps: swap(f.name), done: map[ast.Expr]bool{}}
		w.found = func(at token.Pos, what string) int {
			key := w.function + ": " + what
			if seen[key]++; seen[key] > 1 {
				key += fmt.Sprintf(" #%d", seen[key])
			}
			c.Mutants = append(c.Mutants, Mutant{N: len(c.Mutants) + 1, File: f.name, Line: p.fset.Position(at).Line, Key: key})
			return len(c.Mutants)
		}
		w.walk()
		c.Files[f.name] = w.edits.apply(f.text)
	}
	c.Files["mutant_switch.go"] = switchText(p.files[0].syntax.Name.Name, len(c.Mutants))
	return c
}

// Sample draws n mutants, in their order. Which ones depends on the seed and on their keys alone, so that a sample stays much
// the same while the package changes around it.
func Sample(mutants []Mutant, n int, seed uint64) []Mutant {
	lot := func(m Mutant) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", seed, m.File, m.Key))
		return string(sum[:])
	}
	some := slices.Clone(mutants)
	slices.SortFunc(some, func(a, b Mutant) int { return strings.Compare(lot(a), lot(b)) })
	some = some[:min(n, len(some))]
	slices.SortFunc(some, func(a, b Mutant) int { return cmp.Compare(a.N, b.N) })
	return some
}
