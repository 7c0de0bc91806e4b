package tui

import (
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine"
)

func TestTemplatesAreRead(t *testing.T) {
	list, err := ReadTemplates([]byte("[[template]]\nkey = \"p\"\nabout = \"pool crew\"\nname = \"Pool\"\nfrom = \"fri 08:00\"\nto = \"+3h\"\ndoors = \"gate\"\njit = true\n"))
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	h := newHome(t, smallHotel())
	h.m.templates = list
	h.press("n")
	h.shows("p", "pool crew", "fri 08:00 +3h")
	h.press("p")
	h.shows("New code, pool crew on Gate")
	h.shows("name", "empty: Pool")
	h.press("enter")
	c, ok := h.sent().(engine.Create)
	if !ok || c.Device != "gate" || c.Name != "Pool" || !c.JIT || c.Ends.Sub(c.Starts).Hours() != 3 {
		t.Errorf("sent %#v", h.sent())
	}
	for text, want := range map[string]string{
		"[[template]]\nabout = \"x\"":                                                        `key: "" is not one letter`,
		"[[template]]\nkey = \"ab\"\nabout = \"x\"":                                          `key: "ab" is not one letter`,
		"[[template]]\nkey = \"a\"":                                                          "about: must say what it is for",
		"[[template]]\nkey = \"a\"\nabout = \"x\"\nfrom = \"soon\"":                          `from: "soon" is not a time`,
		"[[template]]\nkey = \"a\"\nabout = \"x\"\ncolour = \"red\"":                         "4:1: a template has",
		"[[template]]\nkey = \"a\"\nabout = \"x\"\n[[template]]\nkey = \"a\"\nabout = \"y\"": `template 2: key: another template has "a"`,
		"template = 3": "1:",
	} {
		if _, err := ReadTemplates([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestAFormWithoutADoorAsksForOne(t *testing.T) {
	host := smallHotel()
	host.codes = nil
	h := newHome(t, host)
	h.press("n", "enter")
	h.shows("doors", "words of their names")
	h.press("enter")
	if h.sent() != nil {
		t.Fatalf("sent %#v", h.sent())
	}
	h.press("zzz")
	h.shows("doors", "no lock is called that")
	h.press("ctrl+u", "suite")
	h.shows("doors", "2 doors")
	h.press("tab", "Ada", "enter")
	if c, ok := h.sent().(engine.CreateMany); !ok || len(c.Devices) != 2 {
		t.Errorf("sent %#v", h.sent())
	}
}
