package simtest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim/simtest"
)

func TestAnUnknownPINOpensNothingAndAHealedDoorIsReached(t *testing.T) {
	w := simtest.Start(t, "")
	if try := w.Type("gate", "4711"); try.Opens || try.Reason == "" {
		t.Errorf("%+v", try)
	}
	w.Break("front", "offline", 0)
	now := w.Now()
	r, err := w.Host.Submit(t.Context(), engine.Command{Actor: "test", Do: engine.Create{Device: "front", Tell: true}})
	if err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Hour)
	if !w.Now().Equal(now.Add(time.Hour)) {
		t.Errorf("it is %v, an hour after %v", w.Now(), now)
	}
	if w.Type("front", r.PINs[0].Reveal()).Opens {
		t.Error("a lock out of reach has learnt a code")
	}
	w.Heal("front")
	w.Advance(time.Hour)
	if try := w.Type("front", r.PINs[0].Reveal()); !try.Opens {
		t.Errorf("%+v", try)
	}
}

func TestAScenarioIsStagedWithItsSteps(t *testing.T) {
	w := simtest.Start(t, "../../scenarios/lost-ack.toml")
	s, err := w.Host.Snapshot(t.Context(), engine.Query{View: engine.ViewFleet})
	if err != nil || len(s.Devices) == 0 {
		t.Fatalf("%d devices, %v", len(s.Devices), err)
	}
	w.Advance(time.Minute)
	if s, err = w.Host.Snapshot(t.Context(), engine.Query{View: engine.ViewCodes}); err != nil || len(s.Codes) == 0 {
		t.Errorf("the steps of the story did not happen: %d codes, %v", len(s.Codes), err)
	}
}

func TestWebhooksArriveAndStrangersDoNot(t *testing.T) {
	w := simtest.Start(t, "")
	heard := make(chan string, 10)
	ear := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("svix-id") }))
	defer ear.Close()
	client := api.NewClient(w.URL, w.Key, ear.Client(), clockwork.NewFakeClock())
	if err := client.Ask(t.Context(), "/webhooks/create", map[string]any{"url": ear.URL}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Submit(t.Context(), engine.Command{Do: engine.Create{Device: "front"}}); err != nil {
		t.Fatal(err)
	}
	if id := <-heard; id == "" {
		t.Error("an event without an id")
	}
	stranger := api.NewClient(w.URL, "seam_none", ear.Client(), clockwork.NewFakeClock())
	_, err := stranger.Snapshot(t.Context(), engine.Query{View: engine.ViewFleet})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusUnauthorized {
		t.Errorf("a stranger gets %v", err)
	}
}

// What the documentation shows is what runs here and in scripts/clients: each of its blocks stands in the file that it names.
func TestTheDocumentationShowsWhatIsTested(t *testing.T) {
	root := "../.."
	page, err := os.ReadFile(filepath.Join(root, "docs", "testing-your-integration.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	parts := strings.Split(string(page), "```")
	for i := 1; i < len(parts); i += 2 {
		lang, block, _ := strings.Cut(parts[i], "\n")
		if lang == "sh" {
			continue // what starts the program is tried by scripts/clients/daemon.mjs
		}
		_, name, ok := strings.Cut(parts[i-1], "<!-- from ")
		name, _, closed := strings.Cut(name, " -->")
		if !ok || !closed {
			t.Errorf("a block in %s names no file: %.60s", lang, block)
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), block) {
			t.Errorf("the block does not stand in %s:\n%s", name, block)
		}
		files[name] = true
	}
	if len(files) < 3 {
		t.Errorf("only %v are shown", files)
	}
}
