// Package arch keeps the house in order: without it the import arrows, the ban on wall time and the ban on package state
// would be wishes. It reads the sources of the module and reports each broken rule as file:line: sentence; its test runs it
// over the repository.
package arch

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Source is one Go file, by its path below the module's root, with slashes.
type Source struct {
	Path string
	Text []byte
}

// Finding is one broken rule.
type Finding struct {
	File     string
	Line     int
	Rule     string
	Sentence string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Sentence) }

// Load reads every Go file of the module at root, of every platform and build tag. Nested modules are left out.
func Load(root string) ([]Source, error) {
	var sources []Source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "." {
				return nil
			}
			_, err := os.Stat(filepath.Join(p, "go.mod"))
			if err == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		sources = append(sources, Source{rel, text})
		return err
	})
	return sources, err
}

// Check holds every source against every rule and returns what is broken, by file and line.
func Check(house House, sources []Source) ([]Finding, error) {
	c := checker{house: house, fset: token.NewFileSet()}
	packages := map[string][]*file{}
	for _, s := range sources {
		syntax, err := parser.ParseFile(c.fset, s.Path, s.Text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		f := &file{path: s.Path, dir: path.Dir(s.Path), test: strings.HasSuffix(s.Path, "_test.go"), syntax: syntax}
		key := f.dir + " " + syntax.Name.Name
		packages[key] = append(packages[key], f)
	}
	for _, key := range sortedKeys(packages) {
		c.checkPackage(packages[key])
	}
	slices.SortFunc(c.found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Sentence, b.Sentence))
	})
	return c.found, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type file struct {
	path, dir string
	test      bool
	syntax    *ast.File
}

type checker struct {
	house House
	fset  *token.FileSet
	found []Finding
}

// report adds a finding unless the house excuses it.
func (c *checker) report(rule string, f *file, at ast.Node, format string, args ...any) {
	for _, x := range c.house.Excuses {
		if x.Rule == rule && under(f.path, x.Path) {
			return
		}
	}
	c.found = append(c.found, Finding{f.path, c.fset.Position(at.Pos()).Line, rule, fmt.Sprintf(format, args...)})
}

// under reports whether p is the path, or lies below it. "*" in it stands for one element.
func under(p, pattern string) bool {
	have, want := strings.Split(p, "/"), strings.Split(pattern, "/")
	if len(have) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && w != have[i] {
			return false
		}
	}
	return true
}

func (c *checker) checkPackage(files []*file) {
	info := c.resolve(files)
	for _, f := range files {
		c.checkImports(f)
		c.checkUses(f, info)
		c.checkStatements(f, info)
		if !f.test {
			c.checkVars(f, info)
		}
	}
}

// resolve tells which package or variable each identifier means. Imports are not read: their names are enough, and whatever
// the type checker then misses in them is no matter here.
func (c *checker) resolve(files []*file) *types.Info {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	syntax := make([]*ast.File, len(files))
	for i, f := range files {
		syntax[i] = f.syntax
	}
	conf := types.Config{Error: func(error) {}, Importer: names{}}
	_, _ = conf.Check(files[0].dir, c.fset, syntax, info) // the errors are those of the imports that were not read
	return info
}

// names imports every package as an empty one of the right name.
type names struct{}

func (names) Import(p string) (*types.Package, error) {
	name := path.Base(p)
	if v, ok := strings.CutPrefix(name, "v"); ok && v != "" && strings.Trim(v, "0123456789") == "" {
		name = path.Base(path.Dir(p))
	}
	pkg := types.NewPackage(p, name)
	pkg.MarkComplete()
	return pkg, nil
}

// imported returns the import path that x names, or "".
func imported(x ast.Expr, info *types.Info) string {
	if id, ok := x.(*ast.Ident); ok {
		if p, ok := info.Uses[id].(*types.PkgName); ok {
			return p.Imported().Path()
		}
	}
	return ""
}

func importPath(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return ""
	}
	return p
}
