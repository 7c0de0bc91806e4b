package arch

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// checkImports holds the arrows between the packages of the module, and keeps some modules to some folders.
func (c *checker) checkImports(f *file) {
	arrow, known := c.arrow(f.dir)
	if !known && !f.test {
		c.report("arrow", f, f.syntax.Name, "package %s has no row in the table of arrows: say there what it may import", f.dir)
	}
	for _, s := range f.syntax.Imports {
		p := importPath(s)
		if s.Name != nil && s.Name.Name == "." {
			c.report("import", f, s, "a dot import hides where names come from: import %s by its name", p)
		}
		if f.test {
			continue
		}
		if own, ok := strings.CutPrefix(p, c.house.Module+"/"); ok && known {
			if !slices.ContainsFunc(arrow.May, func(m string) bool {
				return m == own || strings.HasSuffix(m, "/...") && under(own, strings.TrimSuffix(m, "/..."))
			}) {
				c.report("arrow", f, s, "%s must not import %s: %s", f.dir, own, arrow.Why)
			}
		}
		for _, k := range c.house.Kept {
			if (p == k.Import || strings.HasPrefix(p, k.Import+"/")) && keptFrom(k, f) {
				c.report("import", f, s, "%s must not be imported here: %s", p, k.Why)
			}
		}
	}
}

// arrow finds the row for a folder: the one that names it, else the first whose pattern fits.
func (c *checker) arrow(dir string) (Arrow, bool) {
	for _, a := range c.house.Arrows {
		if a.From == dir {
			return a, true
		}
	}
	for _, a := range c.house.Arrows {
		if under(dir, a.From) && (strings.Count(dir, "/") == strings.Count(a.From, "/") || a.Below) {
			return a, true
		}
	}
	return Arrow{}, false
}

func keptFrom(k Kept, f *file) bool {
	in := func(p string) bool { return under(f.path, p) }
	return (len(k.Inside) == 0 || slices.ContainsFunc(k.Inside, in)) && !slices.ContainsFunc(k.Outside, in)
}

// checkUses reports every mention of a function that the house forbids: called, passed on or kept.
func (c *checker) checkUses(f *file, info *types.Info) {
	bubbles := synctests(f, info)
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		p := imported(sel.X, info)
		for _, b := range c.house.Banned {
			if b.Package != p || b.InTests != f.test && !b.InBoth {
				continue
			}
			named := slices.Contains(b.Names, sel.Sel.Name)
			if named == b.AllBut || f.test && slices.ContainsFunc(bubbles, func(s span) bool { return s.holds(sel) }) {
				continue
			}
			if len(b.Under) > 0 && !slices.ContainsFunc(b.Under, func(u string) bool { return under(f.path, u) }) {
				continue
			}
			c.report(b.Rule, f, sel, "%s.%s %s", p, sel.Sel.Name, b.Why)
		}
		return true
	})
}

type span struct{ from, to token.Pos }

func (s span) holds(n ast.Node) bool { return s.from <= n.Pos() && n.End() <= s.to }

// synctests returns the bodies that run in a synctest bubble: sleeping there takes no time.
func synctests(f *file, info *types.Info) []span {
	var found []span
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && imported(sel.X, info) == "testing/synctest" {
				found = append(found, span{call.Pos(), call.End()})
			}
		}
		return true
	})
	return found
}

// checkStatements reports goroutines, init functions and skipped tests.
func (c *checker) checkStatements(f *file, info *types.Info) {
	testing := slices.ContainsFunc(f.syntax.Imports, func(s *ast.ImportSpec) bool { return importPath(s) == "testing" })
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !f.test {
				c.report("goroutine", f, n, "a goroutine is started: only hosts may")
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || imported(sel.X, info) != "" {
				return true
			}
			switch sel.Sel.Name {
			case "Go":
				if !f.test {
					c.report("goroutine", f, n, "a goroutine is started by Go: only hosts may")
				}
			case "Skip", "Skipf", "SkipNow":
				if testing {
					c.report("skip", f, n, "a test is skipped: a test runs, or it is not there")
				}
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				c.report("init", f, n, "an init function runs unasked: do it where it is needed")
			}
		}
		return true
	})
}

// checkVars reports package-level variables that change: those whose type or first value says so, and those that a function
// assigns to.
func (c *checker) checkVars(f *file, info *types.Info) {
	for _, d := range f.syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if v.Names[0].Name == "_" || embedded(g, v) {
				continue
			}
			if why := changes(v, info); why != "" {
				c.report("state", f, v, "package variable %s %s: keep state in a value that somebody owns", v.Names[0].Name, why)
			}
		}
	}
	written := func(x ast.Expr) {
		if id := root(x); id != nil {
			if v, ok := info.Uses[id].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				c.report("state", f, x, "package variable %s is changed: keep state in a value that somebody owns", id.Name)
			}
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, x := range n.Lhs {
				written(x)
			}
		case *ast.IncDecStmt:
			written(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				written(n.Key)
				if n.Value != nil {
					written(n.Value)
				}
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
				written(n.Args[0])
			}
		}
		return true
	})
}

// changes says why a variable is bound to change, or "".
func changes(v *ast.ValueSpec, info *types.Info) string {
	if len(v.Values) == 0 {
		if sel, ok := v.Type.(*ast.SelectorExpr); ok {
			if p := imported(sel.X, info); p == "sync" || p == "sync/atomic" {
				return "is a " + p + "." + sel.Sel.Name
			}
		}
		return "has no value yet"
	}
	for _, x := range v.Values {
		if call, ok := x.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && (id.Name == "make" || id.Name == "new") {
				return "is made to be filled"
			}
		}
	}
	return ""
}

// root is the variable that an assignment to x changes.
func root(x ast.Expr) *ast.Ident {
	for {
		switch y := x.(type) {
		case *ast.Ident:
			return y
		case *ast.SelectorExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.StarExpr:
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		default:
			return nil
		}
	}
}

func embedded(g *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{g.Doc, v.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}
