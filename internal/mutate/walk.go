package mutate

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// walker goes through one file and switches a mutant into every place that it knows a mistake for.
type walker struct {
	pkg      *Package
	src      source
	swaps    bool
	edits    edits
	function string // under way
	done     map[ast.Expr]bool
	found    func(at token.Pos, what string) int // gives a mutant its number
}

func (w *walker) walk() {
	for _, d := range w.src.syntax.Decls {
		w.function = "package"
		if f, ok := d.(*ast.FuncDecl); ok {
			if f.Body == nil {
				continue
			}
			w.function = functionName(f)
			w.leave(f)
		} else if d.(*ast.GenDecl).Tok != token.VAR {
			continue
		}
		ast.PreorderStack(d, nil, func(n ast.Node, above []ast.Node) bool {
			w.visit(n, above)
			return true
		})
	}
}

// functionName is Type.Method, or the name of a function.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	if i, ok := t.(*ast.IndexExpr); ok {
		t = i.X
	}
	return t.(*ast.Ident).Name + "." + f.Name.Name
}

func (w *walker) visit(n ast.Node, above []ast.Node) {
	if s, ok := n.(ast.Stmt); ok {
		w.statement(s, above[len(above)-1])
	}
	switch n := n.(type) {
	case *ast.IfStmt:
		w.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			w.condition(n.Cond)
		}
	case *ast.CaseClause:
		if s := above[len(above)-2].(ast.Stmt); untagged(s) {
			for _, x := range n.List {
				w.condition(x)
			}
		}
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.UnaryExpr:
		w.unary(n)
	case *ast.CallExpr:
		w.call(n)
	case *ast.Ident, *ast.BasicLit:
		w.constant(n.(ast.Expr), above)
	}
}

func untagged(s ast.Stmt) bool {
	x, ok := s.(*ast.SwitchStmt)
	return ok && x.Tag == nil
}

// text is the source of a node, in one line and not too long.
func (w *walker) text(n ast.Node) string {
	const most = 90
	from, to := w.span(n)
	s := strings.Join(strings.Fields(w.src.text[from:to]), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}

func (w *walker) span(n ast.Node) (from, to int) { return w.offset(n.Pos()), w.offset(n.End()) }

func (w *walker) offset(p token.Pos) int { return w.pkg.fset.Position(p).Offset }

// wrap makes an expression the argument of a function that may change it.
func (w *walker) wrap(x ast.Expr, function, what string) {
	from, to := w.span(x)
	w.edits.around(from, to, fmt.Sprintf("%s(%d, ", function, w.found(x.Pos(), what)), ")")
}

// condition turns each part of a condition round, and makes && of || and || of &&.
func (w *walker) condition(x ast.Expr) {
	if w.done[x] || !w.isBool(x) || w.value(x) != nil {
		return
	}
	w.done[x] = true
	switch x := x.(type) {
	case *ast.ParenExpr:
		w.condition(x.X)
	case *ast.UnaryExpr:
		w.condition(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			w.connective(x)
			return
		}
		w.wrap(x, "mutantNot", "not "+w.text(x))
	default:
		w.wrap(x, "mutantNot", "not "+w.text(x))
	}
}

func (w *walker) isBool(x ast.Expr) bool {
	b, ok := w.pkg.info.Types[x].Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// value is the value of a constant expression; nil: it is none.
func (w *walker) value(x ast.Expr) constant.Value { return w.pkg.info.Types[x].Value }

// binary turns a condition round, moves its boundary, or turns an arithmetic operator round.
func (w *walker) binary(x *ast.BinaryExpr) {
	w.condition(x)
	b, ok := w.pkg.info.Types[x.X].Type.Underlying().(*types.Basic)
	if w.value(x) != nil || !ok {
		return
	}
	m, ok := map[token.Token]struct{ function, sign string }{
		token.LSS: {"mutantLess", "<="}, token.LEQ: {"mutantLessEqual", "<"},
		token.GTR: {"mutantMore", ">="}, token.GEQ: {"mutantMoreEqual", ">"},
		token.ADD: {"mutantPlus", "-"}, token.SUB: {"mutantMinus", "+"},
		token.MUL: {"mutantTimes", "/"}, token.QUO: {"mutantOver", "*"},
	}[x.Op]
	if !ok || b.Info()&types.IsNumeric == 0 {
		return
	}
	w.wrap(x, m.function, fmt.Sprintf("%s → %s", w.text(x), m.sign))
	at := w.offset(x.OpPos)
	w.edits.replace(at, at+len(x.Op.String()), ",")
}

func (w *walker) unary(x *ast.UnaryExpr) {
	switch {
	case w.value(x) != nil:
	case x.Op == token.NOT:
		w.condition(x)
	case x.Op == token.SUB:
		w.wrap(x, "mutantMinusSign", w.text(x)+" → without its sign")
	}
}

// connective makes && of || and || of &&: a || b is !(!a && !b).
func (w *walker) connective(x *ast.BinaryExpr) {
	n := w.found(x.OpPos, fmt.Sprintf("%s → %s", w.text(x), map[token.Token]string{token.LAND: "||", token.LOR: "&&"}[x.Op]))
	for _, part := range []ast.Expr{x, x.X, x.Y} {
		from, to := w.span(part)
		w.edits.around(from, to, fmt.Sprintf("mutantNot(%d, ", n), ")")
	}
	w.condition(x.X)
	w.condition(x.Y)
}

// call turns min and max round, moves the boundary between instants, and the direction of Add.
func (w *walker) call(x *ast.CallExpr) {
	if id, ok := x.Fun.(*ast.Ident); ok {
		if _, builtin := w.pkg.info.Uses[id].(*types.Builtin); builtin && len(x.Args) == 2 && w.value(x) == nil {
			other := map[string]string{"min": "max", "max": "min"}[id.Name]
			if other != "" {
				n := w.found(x.Pos(), w.text(x)+" → "+other)
				w.edits.replace(w.offset(x.Pos()), w.offset(x.Lparen)+1, fmt.Sprintf("mutantM%s(%d, ", id.Name[1:], n))
			}
		}
		return
	}
	sel, ok := x.Fun.(*ast.SelectorExpr)
	if !ok || len(x.Args) != 1 || !isTime(w.pkg.info.Types[sel.X].Type) {
		return
	}
	switch sel.Sel.Name {
	case "Before", "After":
		w.condition(x)
		from, to := w.span(x)
		n := w.found(x.Pos(), w.text(x)+" → also when equal")
		w.edits.around(from, to, fmt.Sprintf("mutant%s(%d, ", sel.Sel.Name, n), "") // the call's own parenthesis closes it
		w.edits.replace(w.offset(sel.X.End()), w.offset(x.Lparen)+1, ", ")
	case "Add":
		w.wrap(x.Args[0], "mutantMinusSign", w.text(x)+" → minus")
	}
}

func isTime(t types.Type) bool { return t != nil && t.String() == "time.Time" }

// constant changes a truth value, a number or a duration.
func (w *walker) constant(x ast.Expr, above []ast.Node) {
	v := w.value(x)
	if v == nil {
		return
	}
	// A constant may be written as a whole expression: the largest counts.
	i := len(above) - 1
	for ; i >= 0; i-- {
		e, ok := above[i].(ast.Expr)
		if !ok || w.value(e) == nil {
			break
		}
		x, v = e, w.value(e)
	}
	if w.done[x] || i < 0 {
		return
	}
	w.done[x] = true
	switch p := above[i].(type) {
	case *ast.CaseClause, *ast.IndexExpr, *ast.SliceExpr, *ast.ArrayType, *ast.ValueSpec, *ast.SelectorExpr:
		return
	case *ast.KeyValueExpr:
		if p.Key == x {
			return
		}
	case *ast.BinaryExpr: // sides of a comparison that is forced already
		if p.Op == token.EQL || p.Op == token.NEQ || p.Op == token.SHL || p.Op == token.SHR {
			return
		}
	case *ast.AssignStmt:
		if v.Kind() == constant.Bool && p.Tok == token.ASSIGN {
			return // leaving it out does as much
		}
	case *ast.CallExpr:
		if id, ok := p.Fun.(*ast.Ident); ok && id.Name == "make" {
			return
		}
	}
	t := w.pkg.info.Types[x].Type.String()
	zero := v.Kind() != constant.Bool && constant.Sign(constant.ToFloat(v)) == 0 && v.Kind() != constant.String
	switch {
	case t == "bool":
		w.wrap(x, "mutantNot", "not "+w.text(x))
	case t == "int" && !(zero && compared(above[i])):
		w.wrap(x, "mutantOneMore", w.text(x)+" → one more")
	case (t == "time.Duration" || t == "float64") && !zero:
		from, to := w.span(x)
		w.edits.around(from, to, fmt.Sprintf("mutantTwice[%s](%d, ", t, w.found(x.Pos(), w.text(x)+" → twice")), ")")
	}
}

func compared(n ast.Node) bool {
	b, ok := n.(*ast.BinaryExpr)
	return ok && b.Op.Precedence() == token.LSS.Precedence()
}

// statement leaves a statement out, or keeps a part of an assignment back; and it has neighbours change places.
func (w *walker) statement(s ast.Stmt, above ast.Node) {
	var list []ast.Stmt
	switch p := above.(type) {
	case *ast.BlockStmt:
		list = p.List
	case *ast.CaseClause:
		list = p.Body
	}
	i := slices.Index(list, s)
	if i < 0 {
		return // part of another statement
	}
	if w.swaps && i+1 < len(list) {
		w.swap(s, list[i+1])
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.assignment(s)
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt:
		w.drop(s)
	case *ast.BranchStmt:
		if s.Tok != token.FALLTHROUGH {
			w.drop(s)
		}
	}
}

func (w *walker) drop(s ast.Stmt) {
	from, to := w.span(s)
	w.edits.around(from, to, fmt.Sprintf("if !mutant(%d) { ", w.found(s.Pos(), "without "+w.text(s))), " }")
}

func (w *walker) assignment(s *ast.AssignStmt) {
	if s.Tok == token.DEFINE || blank(s.Lhs[0]) && len(s.Lhs) == 1 {
		return
	}
	if len(s.Lhs) == 1 || len(s.Lhs) != len(s.Rhs) {
		w.drop(s)
		return
	}
	for i, x := range s.Lhs {
		is := w.pkg.info.Types[s.Rhs[i]]
		if blank(x) || !types.Identical(w.pkg.info.Types[x].Type, is.Type) && !is.IsNil() {
			continue
		}
		from, to := w.span(s.Rhs[i])
		n := w.found(x.Pos(), fmt.Sprintf("without %s = %s", w.text(x), w.text(s.Rhs[i])))
		left, right := w.span(x)
		w.edits.around(from, to, fmt.Sprintf("mutantKeep(%d, %s, ", n, w.src.text[left:right]), ")")
	}
}

func blank(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// swap has a statement come after the next one.
func (w *walker) swap(a, b ast.Stmt) {
	switch a := a.(type) {
	case *ast.ExprStmt, *ast.IncDecStmt:
	case *ast.AssignStmt:
		if a.Tok == token.DEFINE {
			return
		}
	default:
		return
	}
	switch b := b.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt, *ast.LabeledStmt:
		return
	case *ast.ForStmt:
		if b.Cond == nil {
			return // only a return leaves it: nothing comes after
		}
	}
	n := w.found(a.Pos(), fmt.Sprintf("%s only after %s", w.text(a), w.text(b)))
	from, to := w.span(a)
	end := w.offset(b.End())
	w.edits.around(from, end, "", fmt.Sprintf("; if mutant(%d) { %s }", n, w.src.text[from:to]))
	w.edits.around(from, to, fmt.Sprintf("if !mutant(%d) { ", n), " }")
}

// leave has a function return at once, with nothing.
func (w *walker) leave(f *ast.FuncDecl) {
	back := "return"
	if r := f.Type.Results; r != nil && len(r.List[0].Names) == 0 {
		var zeros []string
		for _, x := range r.List {
			from, to := w.span(x.Type)
			zeros = append(zeros, "*new("+w.src.text[from:to]+")")
		}
		back += " " + strings.Join(zeros, ", ")
	}
	at := w.offset(f.Body.Lbrace) + 1
	n := w.found(f.Pos(), "returns nothing, at once")
	w.edits.replace(at, at, fmt.Sprintf(" if mutant(%d) { %s }; ", n, back))
}
