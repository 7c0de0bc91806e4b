package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/PROOF.md names must be there, and no story may be missing from it.
func TestProofNamesScenariosThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/PROOF.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`((?:story|rule|assert|seed|fault|found|provider|commands)-[a-z0-9-]+)`").FindAllStringSubmatch(string(page), -1) {
		named[m[1]] = true
		if _, err := os.Stat("../../scenarios/" + m[1] + ".toml"); err != nil {
			t.Errorf("docs/PROOF.md names %s, and there is no such scenario", m[1])
		}
	}
	stories, err := filepath.Glob("../../scenarios/story-*.toml")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range stories {
		if name := strings.TrimSuffix(filepath.Base(path), ".toml"); !named[name] {
			t.Errorf("docs/PROOF.md does not name %s", name)
		}
	}
}
