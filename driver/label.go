package driver

import (
	"strings"
	"unicode/utf8"
)

// Label is what a vendor with one name for each code is told: the tag, a colon, and as much of the name as fits into most bytes.
// Without a tag it is the name alone.
func Label(tag, name string, most int) string {
	if tag != "" {
		name = tag + ":" + name
	}
	if len(name) <= most {
		return name
	}
	for most > 0 && !utf8.RuneStart(name[most]) {
		most--
	}
	return name[:most]
}

// Unlabel splits what Label has made. A label without a tag, which somebody else has written, is a name.
func Unlabel(label string) (tag, name string) {
	tag, name, ok := strings.Cut(label, ":")
	if !ok || tag == "" || strings.Trim(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", label
	}
	return tag, name
}
