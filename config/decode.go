package config

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// Decode checks a configuration. path is what the sentences about it begin with. The error is strict.Diagnostics: every
// mistake, by position; one of TOML or of a type hides what comes after it.
func Decode(path string, data []byte, known provider.Registry) (Config, error) {
	d := &checker{Mistakes: strict.Mistakes{Path: path}, known: known}
	text, ok := strict.Text(&d.Mistakes, data, MaxBytes)
	if !ok {
		return Config{}, d.Err()
	}
	var f file
	dec := toml.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(&f)
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		for i := range unknown.Errors {
			d.unknown(&unknown.Errors[i])
		}
		return Config{}, d.Err()
	}
	if err != nil {
		strict.Told(&d.Mistakes, err)
		return Config{}, d.Err()
	}
	c := d.config(&f, strict.Index(text))
	c.Path = path
	if err := d.Err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// checker finds what go-toml can't know.
type checker struct {
	strict.Mistakes
	known provider.Registry
}

// unknown tells of a key that nothing reads, with the nearest that something does.
func (d *checker) unknown(e *toml.DecodeError) {
	key := e.Key()
	t, title := reflect.TypeFor[file](), "the file"
	for _, k := range key[:len(key)-1] {
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for i := range t.NumField() {
			if f := t.Field(i); keyOf(f) == k {
				t, title = f.Type, "["+k+"]"
				break
			}
		}
	}
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var names []string
	for i := range t.NumField() {
		names = append(names, keyOf(t.Field(i)))
	}
	var at strict.Pos
	at.Line, at.Col = e.Position()
	last := key[len(key)-1]
	d.Add(at, "unknown key %q in %s%s", strict.Clip(last), title, strict.Nearest(last, names))
}

// keyOf is the key that a field is read from.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return key
}

func (d *checker) config(f *file, at *strict.Place) Config {
	c := Config{
		API: d.api(&f.API, at.Field("api")), Webhooks: d.webhooks(&f.Webhooks, at.Field("webhooks")),
		Metrics: Metrics{Listen: d.address(f.Metrics.Listen, at.Field("metrics").Field("listen"))},
		Store:   d.store(&f.Store, at.Field("store")), Log: d.log(&f.Log, at.Field("log")),
		Policy: d.policy(engine.DefaultPolicy(), &f.Policy, at.Field("policy")),
	}
	base := engine.DefaultPolicy().Over(c.Policy)
	if base.Validate() != nil {
		base = engine.DefaultPolicy() // that was told, once is enough
	}
	if len(f.Accounts) > MaxAccounts {
		d.Add(at.Field("account").Key, "there are %d accounts, at most %d are allowed", len(f.Accounts), MaxAccounts)
		return c
	}
	if len(f.Devices) > MaxDevices {
		d.Add(at.Field("device").Key, "there are %d devices, at most %d are allowed", len(f.Devices), MaxDevices)
		return c
	}
	ids := map[string]bool{}
	for i := range f.Accounts {
		here := at.Field("account").Elem(i)
		a := d.account(&f.Accounts[i], here, base)
		d.id("[[account]]", string(a.ID), here, ids)
		c.Accounts = append(c.Accounts, a)
	}
	clear(ids)
	for i := range f.Devices {
		here, v := at.Field("device").Elem(i), &f.Devices[i]
		d.id("[[device]]", v.ID, here, ids)
		c.Devices = append(c.Devices, Device{lock.DeviceID(v.ID), d.policy(base, &v.Policy, here.Field("policy"))})
	}
	if c.Webhooks.Listen == "" && c.Webhooks.URL != "" {
		d.Add(at.Field("webhooks").Field("url").Key, "url: nothing listens there: [webhooks] lacks listen")
	}
	return c
}

// ids are made of what keys of the store and paths of webhooks may hold.
var idForm = regexp.MustCompile(`^[A-Za-z0-9._+:-]{1,64}$`)

func (d *checker) id(title, id string, at *strict.Place, seen map[string]bool) {
	switch place := at.Field("id"); {
	case id == "":
		d.Add(place.Key, `%s lacks "id", as in id = "house"`, title)
	case !idForm.MatchString(id):
		d.Add(place.Val, "id: is made of up to 64 letters, digits and - _ . : +")
	case seen[id]:
		d.Add(place.Val, "id: %q is there twice", id)
	}
	seen[id] = true
}

func (d *checker) api(a *api, at *strict.Place) API {
	out := API{Listen: d.address(a.Listen, at.Field("listen")), TLSCert: a.TLSCert, TLSKey: a.TLSKey, Name: a.Name}
	d.path(a.TLSCert, at.Field("tls_cert"), "tls_cert")
	d.path(a.TLSKey, at.Field("tls_key"), "tls_key")
	if (a.TLSCert == "") != (a.TLSKey == "") {
		d.Add(at.Key, "tls_cert and tls_key go together")
	}
	if _, _, err := net.SplitHostPort(out.Listen); err == nil && a.TLSCert == "" && !Loopback(out.Listen) {
		d.Add(at.Field("listen").Val, "listen: beyond this machine keys need TLS: give tls_cert and tls_key, or listen on 127.0.0.1")
	}
	out.Unlimited = d.choice(a.Rate, at.Field("rate"), "rate", "documented", "off") == "off"
	if len(out.Name) > 100 {
		d.Add(at.Field("name").Val, "name: has %d bytes; at most 100 are allowed", len(out.Name))
	}
	if out.Name == "" {
		out.Name = Embedded().API.Name
	}
	return out
}

func (d *checker) webhooks(w *webhooks, at *strict.Place) Webhooks {
	out := Webhooks{Listen: d.address(w.Listen, at.Field("listen")), URL: strings.TrimSuffix(w.URL, "/")}
	if w.URL != "" {
		if u, err := url.Parse(w.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil {
			d.Add(at.Field("url").Val, `url: is no address such as "https://locks.example.org"`)
		}
	}
	return out
}

func (d *checker) store(s *store, at *strict.Place) Store {
	d.path(s.Dir, at.Field("dir"), "dir")
	d.path(s.KeyFile, at.Field("key_file"), "key_file")
	plain := s.Encrypt != nil && !*s.Encrypt
	if plain && s.KeyFile != "" {
		d.Add(at.Field("key_file").Key, "key_file: is not used where encrypt is false")
	}
	if s.Dir != "" && s.KeyFile != "" && strings.HasPrefix(filepath.Clean(s.KeyFile), filepath.Clean(s.Dir)+"/") {
		d.Add(at.Field("key_file").Val, "key_file: must not lie in the directory that it locks: whoever copies one would have both")
	}
	return Store{s.Dir, s.KeyFile, plain}
}

func (d *checker) log(l *log, at *strict.Place) Log {
	level := d.choice(l.Level, at.Field("level"), "level", "debug", "info", "warn", "error")
	var out Log
	if level != "" {
		if err := out.Level.UnmarshalText([]byte(level)); err != nil {
			out.Level = slog.LevelInfo
		}
	}
	out.JSON = d.choice(l.Format, at.Field("format"), "format", "text", "json") == "json"
	return out
}

func (d *checker) account(a *account, at *strict.Place, base engine.Policy) Account {
	out := Account{
		ID: lock.AccountID(a.ID), Provider: a.Provider, Policy: d.policy(base, &a.Policy, at.Field("policy")),
		Width: int(d.within(a.CallsAtOnce, at.Field("calls_at_once"), "calls_at_once", 1, 10000)),
		Burst: int(d.within(a.Burst, at.Field("burst"), "burst", 1, 10000)),
		Texts: map[string]string{}, Wholes: map[string]int64{}, Secrets: map[string]Secret{},
	}
	if a.CallsPerSecond != nil {
		if out.Rate = *a.CallsPerSecond; !(out.Rate >= 0.001 && out.Rate <= 10000) {
			d.Add(at.Field("calls_per_second").Val, "calls_per_second: %g is out of bounds: 0.001 to 10000", out.Rate)
		}
	}
	if out.Burst > 0 && a.CallsPerSecond == nil {
		d.Add(at.Field("burst").Key, "burst: means nothing without calls_per_second")
	}
	p, ok := d.known.Find(a.Provider)
	switch {
	case a.Provider == "":
		d.Add(at.Key, `[[account]] lacks "provider", as in provider = "sim"`)
		return out
	case !ok:
		d.Add(at.Field("provider").Val, "no provider is called %q%s", strict.Clip(a.Provider), strict.Nearest(a.Provider, d.known.Names()))
		return out
	}
	d.settings(p, a.Settings, &out, at)
	return out
}

// settings checks what a provider is told against what it wants to know.
func (d *checker) settings(p provider.Provider, given map[string]any, out *Account, at *strict.Place) {
	here := at.Field("settings")
	var names []string
	for _, s := range p.Settings {
		names = append(names, s.Name)
		v, ok := given[s.Name]
		if !ok {
			if s.Required {
				d.Add(here.Key, "an account of %s lacks the setting %q, as in %s = %s", p.Name, s.Name, s.Name, s.Example)
			}
			continue
		}
		d.setting(s, v, out, here.Field(s.Name))
	}
	for name := range given {
		if !slices.Contains(names, name) {
			d.Add(here.Field(name).Key, "%s has no setting %q%s", p.Name, strict.Clip(name), strict.Nearest(name, names))
		}
	}
}

func (d *checker) setting(s provider.Setting, v any, out *Account, at *strict.Place) {
	if s.Kind == provider.Whole {
		n, ok := v.(int64)
		if !ok {
			d.Add(at.Val, "%s: want a whole number", s.Name)
		} else {
			out.Wholes[s.Name] = d.within(&n, at, s.Name, s.Min, s.Max)
		}
		return
	}
	text, ok := v.(string)
	if !ok {
		d.Add(at.Val, "%s: want text in quotes", s.Name)
		return
	}
	if s.Kind == provider.Secret {
		secret, err := ParseSecret(text)
		if err != nil {
			d.Add(at.Val, "%s: %v", s.Name, err)
		}
		out.Secrets[s.Name] = secret
		return
	}
	if s.Kind == provider.Zone && text != "" {
		if _, err := lock.LoadZone(text); err != nil {
			d.Add(at.Val, "%s: %q is not an IANA time zone such as \"Europe/Vienna\"", s.Name, strict.Clip(text))
		}
	}
	if s.Choices != nil {
		text = d.choice(text, at, s.Name, s.Choices...)
	}
	out.Texts[s.Name] = text
}

// policy has the engine judge a patch, and says where the field stands that it does not take.
func (d *checker) policy(over engine.Policy, p *policy, at *strict.Place) engine.PolicyPatch {
	fields := reflect.ValueOf(p).Elem()
	for i := range fields.NumField() {
		if lapse, ok := fields.Field(i).Interface().(*Duration); ok && lapse != nil && lapse.err != nil {
			key := keyOf(fields.Type().Field(i))
			d.Add(at.Field(key).Val, "%s: %v", key, lapse.err)
			return engine.PolicyPatch{}
		}
	}
	x := p.patch()
	if no, ok := errors.AsType[*engine.Refusal](over.Over(x).Validate()); ok {
		d.Add(at.Field(no.Field).Val, "%s: %s", no.Field, no.Message)
	}
	return x
}

// address checks a place to listen at; "" is none.
func (d *checker) address(addr string, at *strict.Place) string {
	if addr == "" {
		return ""
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		d.Add(at.Val, `listen: %q is no address such as "127.0.0.1:3020"`, strict.Clip(addr))
	}
	return addr
}

// Loopback reports whether an address is reached from this machine alone.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (d *checker) path(path string, at *strict.Place, key string) {
	if path != "" && !filepath.IsAbs(path) {
		d.Add(at.Val, "%s: the path must begin with /", key)
	}
}

// choice is one of some words; "" where nothing is given.
func (d *checker) choice(word string, at *strict.Place, key string, words ...string) string {
	if word == "" || slices.Contains(words, word) {
		return word
	}
	d.Add(at.Val, "%s: %q is none of %s%s", key, strict.Clip(word), strings.Join(words[:min(len(words), 12)], ", "), strict.Nearest(word, words))
	return ""
}

func (d *checker) within(n *int64, at *strict.Place, key string, least, most int64) int64 {
	if n == nil {
		return 0
	}
	if *n < least || *n > most {
		d.Add(at.Val, "%s: %d is out of bounds: %d to %d", key, *n, least, most)
	}
	return *n
}
