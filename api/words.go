package api

import (
	"encoding/json"
	"strconv"
	"strings"
)

func ptr[T any](v T) *T { return &v }

func yes(b *bool) bool { return b != nil && *b }

func number(n int) string { return strconv.Itoa(n) }

func quoted(s string) ([]byte, error) { return json.Marshal(s) }

// contains is how searches match: anywhere, and capitals are letters like others.
func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
