package strict

import "testing"

func TestIndexFindsEveryPlace(t *testing.T) {
	root := Index([]byte(`[scenario]
name = "x"
seed = 12
[[at]]
t = "0s"
  create = { id = "g", "odd.Key" = 1 }
[at.more]
x = [1, { a = 2, b.c = 'x' }, [3]]
[[at]]
start = 2026-03-28T08:00:00+01:00
text = """a
b"""
on = true
`))
	at := root.fields["at"]
	for _, c := range []struct {
		what     string
		got      *Place
		key, val Pos
	}{
		{"table", root.fields["scenario"], Pos{1, 2}, Pos{1, 2}},
		{"text", root.fields["scenario"].fields["name"], Pos{2, 1}, Pos{2, 8}},
		{"number", root.fields["scenario"].fields["seed"], Pos{3, 1}, Pos{3, 8}},
		{"first of an array of tables", at.Elem(0), Pos{4, 3}, Pos{4, 3}},
		{"inline table", at.Elem(0).fields["create"], Pos{6, 3}, Pos{6, 12}},
		{"in it", at.Elem(0).fields["create"].fields["id"], Pos{6, 14}, Pos{6, 19}},
		{"quoted key", at.Elem(0).fields["create"].fields["odd.Key"], Pos{6, 24}, Pos{6, 36}},
		{"table in an array's element", at.Elem(0).fields["more"].fields["x"], Pos{8, 1}, Pos{8, 1}},
		{"element", at.Elem(0).fields["more"].fields["x"].Elem(0), Pos{8, 6}, Pos{8, 6}},
		{"dotted key", at.Elem(0).fields["more"].fields["x"].Elem(1).fields["b"].fields["c"], Pos{8, 20}, Pos{8, 24}},
		{"array in an array", at.Elem(0).fields["more"].fields["x"].Elem(2).Elem(0), Pos{8, 32}, Pos{8, 32}},
		{"second of an array of tables", at.Elem(1), Pos{9, 3}, Pos{9, 3}},
		{"date", at.Elem(1).fields["start"], Pos{10, 1}, Pos{10, 9}},
		{"text of many lines", at.Elem(1).fields["text"], Pos{11, 1}, Pos{11, 8}},
		{"after it", at.Elem(1).fields["on"], Pos{13, 1}, Pos{13, 6}},
	} {
		if c.got == nil || c.got.Key != c.key || c.got.Val != c.val {
			t.Errorf("%s: got %+v, want key %v, value %v", c.what, c.got, c.key, c.val)
		}
	}
}
