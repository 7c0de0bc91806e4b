package driver_test

import (
	"testing"

	"github.com/accesscodes/lockctl/driver"
)

func TestLabelsKeepTheTag(t *testing.T) {
	for _, x := range []struct {
		tag, name string
		most      int
		label     string
		left      string // of the name
	}{
		{"LCABCDE23", "Guest", 20, "LCABCDE23:Guest", "Guest"},
		{"LCABCDE23", "", 20, "LCABCDE23:", ""},
		{"LCABCDE23", "Guest of honour", 12, "LCABCDE23:Gu", "Gu"},
		{"LCABCDE23", "Zoë", 13, "LCABCDE23:Zo", "Zo"},
		{"", "Maria: kitchen", 20, "Maria: kitchen", "Maria: kitchen"},
		{"", ":", 20, ":", ":"},
	} {
		label := driver.Label(x.tag, x.name, x.most)
		if label != x.label {
			t.Errorf("%q and %q make %q, not %q", x.tag, x.name, label, x.label)
		}
		if tag, name := driver.Unlabel(label); tag != x.tag || name != x.left {
			t.Errorf("%q is split into %q and %q", label, tag, name)
		}
	}
}
