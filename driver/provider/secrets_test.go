package provider_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver/provider"
)

func TestATokenIsSilent(t *testing.T) {
	token := provider.NewToken("marker-of-a-token")
	text, err := json.Marshal(map[string]any{"token": token})
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{fmt.Sprint(token), fmt.Sprintf("%+v %#v %q", token, token, token), fmt.Sprintf("%#v", struct{ T provider.Token }{token}), token.LogValue().String(), string(text)} {
		if strings.Contains(said, "marker") {
			t.Errorf("the token is said: %s", said)
		}
	}
	if token.Reveal() != "marker-of-a-token" {
		t.Error("the token can't be revealed")
	}
}

func TestOnlyTheFirstOfTwoReplacesAToken(t *testing.T) {
	var s provider.MemorySecrets
	_, rev, err := s.Load(t.Context())
	if err != nil || rev != 0 {
		t.Fatal(rev, err)
	}
	if rev, err = s.Save(t.Context(), provider.NewToken("first"), rev); err != nil || rev != 1 {
		t.Fatal(rev, err)
	}
	if _, err := s.Save(t.Context(), provider.NewToken("late"), 0); !errors.Is(err, provider.ErrStale) {
		t.Errorf("a token of an older revision: %v", err)
	}
	if token, _, _ := s.Load(t.Context()); token.Reveal() != "first" {
		t.Error("the late one has replaced it")
	}
}
