package scenario

import (
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/internal/strict"
)

// examples checks that every example of a table is one, and that every key says what it means.
func examples[T any](t *testing.T, s shape[T]) {
	t.Helper()
	for _, k := range s.keys {
		if k.meaning == "" {
			t.Errorf("%s: %s: says not what it means", s.title, k.name)
		}
		if k.example == "" {
			continue // a table of the file's own
		}
		doc := []byte(k.name + " = " + k.example)
		var tree map[string]any
		if err := toml.Unmarshal(doc, &tree); err != nil {
			t.Errorf("%s: %s: %v", s.title, k.name, err)
			continue
		}
		d := &diags{Path: s.title}
		var into T
		k.read(value{d, k.name, tree[k.name], strict.Index(doc).Field(k.name)}, &into)
		if d.Count() > 0 {
			t.Errorf("%s: %s: its example is a mistake: %v", s.title, k.name, d.Err())
		}
	}
}

func TestEveryExampleOfTheFormatIsOne(t *testing.T) {
	examples(t, rootShape())
	examples(t, headShape())
	examples(t, accountShape())
	examples(t, hubShape())
	examples(t, lockShape())
	examples(t, policyShape("[policy]"))
	examples(t, stepShape())
	examples(t, createShape())
	examples(t, createManyShape())
	examples(t, updateShape())
	examples(t, updateManyShape())
	examples(t, convertShape())
	examples(t, deleteShape())
	examples(t, rotateShape())
	examples(t, pullShape())
	examples(t, poolShape())
	examples(t, adoptShape())
	examples(t, foreignShape())
	examples(t, swapShape())
	examples(t, faultShape())
	examples(t, typeShape())
	examples(t, editShape())
	examples(t, engineShape())
	examples(t, expectShape())
	examples(t, checkShape())
	examples(t, limitsShape())
}

func TestALockBelongsToTheAccountOfItsHub(t *testing.T) {
	f, err := Decode("x.toml", []byte(story(`[[account]]
id = "main"
[[hub]]
id = "attic"
account = "main"
[[lock]]
id = "roof"
model = "jit.keypad"
hub = "attic"
`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Spec.Locks[1].Account; got != "main" {
		t.Errorf("account %q", got)
	}
}
