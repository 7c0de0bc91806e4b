package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// fakeMain is lockctl with one vendor, which sends a code to whoever signs in, and knows one password.
func fakeMain() {
	a := &app{ctx: context.Background(), env: os.Environ(), io: stdio{os.Stdin, os.Stdout, os.Stderr}, vendors: provider.Registry{{
		Name: "fake", About: "a vendor of tests", Community: func(map[string]string) bool { return true },
		SignIn: func(ctx context.Context, env provider.Env, _ provider.Account, ask provider.Ask) error {
			user, err := ask(ctx, provider.Question{Text: "User"})
			if err != nil {
				return err
			}
			password, err := ask(ctx, provider.Question{Text: "Password of " + user, URL: "https://fake.example/help", Secret: true})
			if err != nil {
				return err
			}
			if password != "open sesame" {
				return &driver.Error{Op: "sign in", Kind: driver.Unauthorized, Blame: driver.BlameAccount}
			}
			_, rev, err := env.Secrets.Load(ctx)
			if err == nil {
				_, err = env.Secrets.Save(ctx, provider.NewToken("marker-of-a-token"), rev)
			}
			return err
		},
		Open: func(_ context.Context, env provider.Env, _ provider.Account) (driver.Driver, error) {
			return fakeVendor{env}, nil
		},
	}, {
		Name: "keyed", About: "a vendor of tests whose key is enough", Settings: []provider.Setting{{Name: "key", Kind: provider.Secret, Required: true, Enough: true}},
		SignIn: func(context.Context, provider.Env, provider.Account, provider.Ask) error { return nil },
		Open: func(_ context.Context, env provider.Env, _ provider.Account) (driver.Driver, error) {
			return fakeVendor{env}, nil
		},
	}}}
	os.Exit(a.run(os.Args[1:]))
}

// fakeVendor has two locks, which hold nothing, for those who are signed in. The hub of one is away.
type fakeVendor struct{ env provider.Env }

func (v fakeVendor) refuses(ctx context.Context, op string) error {
	token, _, err := v.env.Secrets.Load(ctx)
	if err == nil && token.Reveal() != "marker-of-a-token" {
		err = &driver.Error{Op: op, Kind: driver.Unauthorized, Blame: driver.BlameAccount}
	}
	return err
}

func (v fakeVendor) Devices(ctx context.Context) ([]lock.Device, error) {
	traits := lock.Traits{Slots: 10, PINLengths: []int{4}}
	return []lock.Device{
		{ID: "front", Account: "house", Name: "front", Model: "fake", Traits: traits}, {ID: "attic", Account: "house", Name: "attic", Model: "fake", Traits: traits},
	}, v.refuses(ctx, "devices")
}

func (v fakeVendor) Observe(ctx context.Context, id lock.DeviceID, _ driver.Known) (lock.Observation, error) {
	if id == "attic" {
		return lock.Observation{At: v.env.Now(), Reach: lock.HubDown}, v.refuses(ctx, "observe")
	}
	return lock.Observation{At: v.env.Now(), Reach: lock.Reached, Source: lock.SourceLock, Complete: true}, v.refuses(ctx, "observe")
}

func (v fakeVendor) Set(ctx context.Context, _ lock.DeviceID, _ lock.Credential, _ lock.Ref) (lock.Held, error) {
	return lock.Held{}, v.refuses(ctx, "set")
}

func (v fakeVendor) Clear(ctx context.Context, _ lock.DeviceID, _ lock.Ref) error {
	return v.refuses(ctx, "clear")
}

func (fakeVendor) Close() error { return nil }

// A password that is typed at a terminal is not shown, and the terminal shows again what is typed after.
func TestASecretAnswerIsNotShown(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "lockctl-fake")
	conf := filepath.Join(dir, "lockctl.toml")
	if err := errors.Join(os.Symlink(self, bin), os.WriteFile(conf, []byte("[[account]]\nid = \"house\"\nprovider = \"fake\"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s := start(t, patience, []string{"HOME=" + dir}, bin, "accounts", "login", "house", "--config", conf)
	s.until("User: ")
	s.press("ada\r")
	s.until("Password of ada: ")
	s.press("open sesame\r")
	if code := s.end(); code != exitDone {
		t.Errorf("exit code %d: %q", code, s.seen.String())
	}
	if said := s.seen.String(); !strings.Contains(said, "signed in to house") || strings.Contains(said, "sesame") || strings.Contains(said, "marker") {
		t.Errorf("the terminal shows %q", said)
	}
}

func TestATokenFileIsAsTheContractSays(t *testing.T) {
	f := &tokenFile{filepath.Join(t.TempDir(), "tokens", "house.json")}
	token, rev, err := f.Load(t.Context())
	if err != nil || rev != 0 || !token.IsZero() {
		t.Fatal(token, rev, err)
	}
	if rev, err = f.Save(t.Context(), provider.NewToken("first"), 0); err != nil || rev != 1 {
		t.Fatal(rev, err)
	}
	again := &tokenFile{f.path} // of another process
	if _, err := again.Save(t.Context(), provider.NewToken("late"), 0); !errors.Is(err, provider.ErrStale) {
		t.Errorf("a token of an older revision: %v", err)
	}
	if token, rev, err = again.Load(t.Context()); err != nil || rev != 1 || token.Reveal() != "first" {
		t.Errorf("revision %d, %v", rev, err)
	}
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(f.path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err = f.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "sign in again") {
		t.Errorf("a file that holds no token: %v", err)
	}
}

// Of many that replace the same token one does, whatever process they are in.
func TestOneOfManyReplacesAToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.json")
	const many = 8
	ends := make(chan error, many)
	for range many {
		go func() {
			_, err := (&tokenFile{path}).Save(t.Context(), provider.NewToken("of one"), 0)
			ends <- err
		}()
	}
	won := 0
	for range many {
		if err := <-ends; err == nil {
			won++
		} else if !errors.Is(err, provider.ErrStale) {
			t.Error(err)
		}
	}
	if _, rev, err := (&tokenFile{path}).Load(t.Context()); won != 1 || rev != 1 || err != nil {
		t.Errorf("%d have replaced it, revision %d, %v", won, rev, err)
	}
}
