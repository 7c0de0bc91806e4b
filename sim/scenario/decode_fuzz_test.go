package scenario

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/internal/strict"
)

// Whatever a file holds: its mistakes are sentences with a place in it, and what has none is played without breaking.
func FuzzDecode(f *testing.F) {
	stories, err := filepath.Glob("../../scenarios/*.toml")
	if err != nil || len(stories) == 0 {
		f.Fatal(err, len(stories))
	}
	for i, path := range stories {
		if data, err := os.ReadFile(path); err != nil {
			f.Fatal(err)
		} else if i%12 == 0 && len(data) < 2000 {
			f.Add(data)
		}
	}
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Decode("x.toml", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file != nil, err)
		}
		if err != nil {
			list, ok := errors.AsType[Diagnostics](err)
			if !ok || len(list) == 0 || len(list) > strict.MaxDiagnostics+1 {
				t.Fatalf("%d mistakes, error of kind %T", len(list), err)
			}
			for _, d := range list {
				sentence(t, d, bytes.Count(data, []byte("\n"))+1)
			}
			return
		}
		if file.Run > 48*time.Hour || len(file.Spec.Locks) > 10 || len(file.Steps) > 200 {
			return // takes long, and shows nothing else
		}
		res, err := Run(context.Background(), file, Options{Lean: true})
		if err != nil || res.Verdict == Broken {
			t.Errorf("a valid file breaks: %v %+v", err, res)
		}
	})
}

func sentence(t *testing.T, d Diagnostic, lines int) {
	t.Helper()
	if d.Path != "x.toml" || d.Line < 1 || d.Line > lines || d.Col < 1 {
		t.Errorf("%s: no place in a file of %d lines", d, lines)
	}
	odd := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	if d.Text == "" || len(d.Text) > 500 || strings.ContainsFunc(d.Text, odd) || strings.TrimSpace(d.Text) != d.Text || strings.HasSuffix(d.Text, ".") {
		t.Errorf("no sentence of a line: %q", d.Text)
	}
}
