package main

import (
	"crypto/rand"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
)

// What the page about providers shows of a configuration is one: it is read without a mistake, and its driver opens.
func TestTheSamplesOfProvidersAreRight(t *testing.T) {
	vendors := all.Providers()
	samples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(providersPage(vendors), -1)
	if len(samples) < len(vendors) {
		t.Fatalf("%d samples for %d providers", len(samples), len(vendors))
	}
	for _, sample := range samples {
		c, err := config.Decode("sample", []byte(sample[1]), vendors)
		if err != nil {
			t.Errorf("%v in\n%s", err, sample[1])
			continue
		}
		for _, a := range c.Accounts {
			p, _ := vendors.Find(a.Provider) // it was found when the sample was read
			secrets := map[string]string{}
			for name := range a.Secrets {
				secrets[name] = "secret"
			}
			d, err := p.Open(t.Context(), provider.Env{
				HTTP: &http.Client{}, Now: time.Now, Rand: rand.Reader, Secrets: &provider.MemorySecrets{}, Log: slog.New(slog.DiscardHandler),
			}, provider.Account{ID: a.ID, Texts: a.Texts, Wholes: a.Wholes, Secrets: secrets})
			if err != nil {
				t.Errorf("%s: %v", a.Provider, err)
				continue
			}
			if err := d.Close(); err != nil {
				t.Errorf("%s: %v", a.Provider, err)
			}
		}
	}
}

// The files that the page names are there.
func TestTheLinksOfThePageAboutProvidersLead(t *testing.T) {
	links := regexp.MustCompile(`\]\((\.\./[^)#]+)`).FindAllStringSubmatch(providersPage(all.Providers()), -1)
	if len(links) == 0 {
		t.Fatal("it has none")
	}
	for _, link := range links {
		if _, err := fs.Stat(os.DirFS("../.."), strings.TrimPrefix(filepath.ToSlash(link[1]), "../")); err != nil {
			t.Error(err)
		}
	}
}
