package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/internal/strict"
)

// known is what the tests configure accounts of.
func known() provider.Registry {
	return provider.Registry{
		{Name: "sim", Settings: []provider.Setting{
			{Name: "locks", Kind: provider.Whole, Min: 1, Max: 100, Example: "6"},
			{Name: "zone", Kind: provider.Zone, Example: `"Europe/Vienna"`},
			{Name: "model", Kind: provider.Text, Choices: []string{"mixed", "jit.keypad"}, Example: `"mixed"`},
		}},
		{Name: "vendor", Settings: []provider.Setting{{Name: "password", Kind: provider.Secret, Required: true, Example: `"env:PASSWORD"`}}},
	}
}

func TestEveryMistakeIsToldAtItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not TOML", "[api\n", "1:5: "},
		{"not UTF-8", "[api]\nname = \"\xff\"\n", "2:9: the file is not UTF-8"},
		{"too large", "#" + strings.Repeat("x", MaxBytes), "1:1: the file is larger than 1024 KiB"},
		{"a key of the file", "[appi]\n", `1:2: unknown key "appi" in the file; did you mean "api"?`},
		{"a key of a table", "[api]\nlisten = \"127.0.0.1:1\"\nratte = \"off\"\n", `3:1: unknown key "ratte" in [api]; did you mean "rate"?`},
		{"a key of a policy", "[[account]]\nid = \"a\"\nprovider = \"sim\"\n[account.policy]\njit_leed = \"1h\"\n", `5:1: unknown key "jit_leed" in [policy]; did you mean "jit_lead"?`},
		{"another type", "[policy]\nbackup_pool_size = \"3\"\n", "2:20: "},
		{"a length without a unit", "[policy]\njit_lead = \"30\"\n", `2:12: jit_lead: 30 lacks a unit: write "30s", "30m" or "30h"`},
		{"a bare number", "[policy]\njit_lead = 30\n", "2:12: jit_lead: 30 lacks a unit"},
		{"out of bounds", "[policy]\njit_lead = \"48h\"\n", "2:12: jit_lead: must lie between 0s and 24h0m0s"},
		{"out of bounds for an account", "[policy]\nbackoff_max = \"1m\"\n[[account]]\nid = \"a\"\nprovider = \"sim\"\npolicy = { backoff_min = \"2m\" }\n", "6:26: backoff_min: must not exceed backoff_max"},
		{"no such word", "[policy]\njit_early = \"maybe\"\n", "2:13: jit_early: must be one of allow, stage, forbid"},
		{"no id", "[[account]]\nprovider = \"sim\"\n", `1:3: [[account]] lacks "id", as in id = "house"`},
		{"an id with a space", "[[account]]\nid = \"a b\"\nprovider = \"sim\"\n", "2:6: id: is made of"},
		{"an id twice", "[[account]]\nid = \"a\"\nprovider = \"sim\"\n[[account]]\nid = \"a\"\nprovider = \"sim\"\n", `5:6: id: "a" is there twice`},
		{"no provider", "[[account]]\nid = \"a\"\n", `1:3: [[account]] lacks "provider"`},
		{"no such provider", "[[account]]\nid = \"a\"\nprovider = \"vender\"\n", `3:12: no provider is called "vender"; did you mean "vendor"?`},
		{"no such setting", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nsettings = { lock = 3 }\n", `4:14: sim has no setting "lock"; did you mean "locks"?`},
		{"a setting out of bounds", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nsettings = { locks = 300 }\n", "4:22: locks: 300 is out of bounds: 1 to 100"},
		{"a setting of another type", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nsettings = { locks = \"3\" }\n", "4:22: locks: want a whole number"},
		{"a choice", "[[account]]\nid = \"a\"\nprovider = \"sim\"\n[account.settings]\nmodel = \"mixt\"\n", `5:9: model: "mixt" is none of mixed, jit.keypad`},
		{"no time zone", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nsettings = { zone = \"Europe/Vienne\" }\n", `4:21: zone: "Europe/Vienne" is not an IANA time zone such as "Europe/Vienna"`},
		{"the zone of a machine", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nsettings = { zone = \"Local\" }\n", `4:21: zone: "Local" is not an IANA time zone`},
		{"a setting that is missing", "[[account]]\nid = \"a\"\nprovider = \"vendor\"\n", `1:3: an account of vendor lacks the setting "password", as in password = "env:PASSWORD"`},
		{"a secret in the file", "[[account]]\nid = \"a\"\nprovider = \"vendor\"\nsettings = { password = \"hunter2\" }\n", `4:25: password: a secret does not stand in the configuration: write "env:NAME" or "file:/path"`},
		{"a rate of nothing", "[[account]]\nid = \"a\"\nprovider = \"sim\"\ncalls_per_second = 0.0\n", "4:20: calls_per_second: 0 is out of bounds"},
		{"no number", "[[account]]\nid = \"a\"\nprovider = \"sim\"\ncalls_per_second = nan\n", "4:20: calls_per_second: NaN is out of bounds"},
		{"a burst alone", "[[account]]\nid = \"a\"\nprovider = \"sim\"\nburst = 3\n", "4:1: burst: means nothing without calls_per_second"},
		{"no address", "[api]\nlisten = \"3020\"\n", "2:10: listen: \"3020\" is no address"},
		{"keys in the open", "[api]\nlisten = \"0.0.0.0:3020\"\n", "2:10: listen: beyond this machine keys need TLS"},
		{"half of TLS", "[api]\ntls_cert = \"/x\"\n", "1:2: tls_cert and tls_key go together"},
		{"a path from nowhere", "[store]\ndir = \"x\"\n", "2:7: dir: the path must begin with /"},
		{"a key within what it locks", "[store]\ndir = \"/x\"\nkey_file = \"/x/key\"\n", "3:12: key_file: must not lie"},
		{"a key for nothing", "[store]\nencrypt = false\nkey_file = \"/x/key\"\n", "3:1: key_file: is not used"},
		{"nobody listens", "[webhooks]\nurl = \"https://locks.example.org\"\n", "2:1: url: nothing listens there"},
		{"no address of the web", "[webhooks]\nlisten = \"127.0.0.1:1\"\nurl = \"locks.example.org\"\n", "3:7: url: is no address"},
		{"a level", "[log]\nlevel = \"loud\"\n", `2:9: level: "loud" is none of debug, info, warn, error`},
	} {
		_, err := Decode("x.toml", []byte(c.text), known())
		if err == nil || !strings.HasPrefix(err.Error(), "x.toml:"+c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the secret is told", c.name)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: one mistake is told as several: %v", c.name, err)
		}
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	_, err := Decode("x.toml", []byte("[log]\nlevel = \"loud\"\n[[account]]\nid = \"a\"\n[[account]]\nid = \"a\"\nprovider = \"no\"\n"), known())
	list, ok := errors.AsType[strict.Diagnostics](err)
	if !ok || len(list) != 4 {
		t.Errorf("told: %v", err)
	}
}

func TestTheSampleSaysWhatIsInForceAnyway(t *testing.T) {
	c, err := Decode("sample.toml", []byte(Sample()), known())
	if err != nil {
		t.Fatal(err)
	}
	if c.Policy.JITLead == nil || *c.Policy.JITLead != 30*time.Minute || len(c.Accounts) != 1 || *c.Accounts[0].Policy.BackoffMax != 10*time.Minute {
		t.Errorf("%+v", c)
	}
	// With everything said, what is shown is what is shown of nothing said, but for the account.
	bare, err := Decode("sample.toml", nil, known())
	if err != nil {
		t.Fatal(err)
	}
	c.Accounts = nil
	if full, empty := show(t, c), show(t, bare); full != empty {
		t.Errorf("the sample's defaults are not the program's:\n%s\n%s", full, empty)
	}
	// Every line that stands behind a # can be taken out of it.
	var lines []string
	for line := range strings.Lines(Sample()) {
		if l, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(l, "[") || strings.Contains(l, " = ")) {
			line = l
		}
		lines = append(lines, line)
	}
	if _, err := Decode("sample.toml", []byte(strings.Join(lines, "")), known()); err != nil {
		t.Errorf("with every # taken out: %v", err)
	}
	for _, key := range keys(reflect.TypeFor[file]()) {
		if !strings.Contains(Sample(), key) {
			t.Errorf("the sample lacks %s", key)
		}
	}
}

// keys are all that a file can have.
func keys(t reflect.Type) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[Duration]() {
		return nil
	}
	var all []string
	for i := range t.NumField() {
		all = append(append(all, keyOf(t.Field(i))), keys(t.Field(i).Type)...)
	}
	return all
}

func show(t *testing.T, c Config) string {
	t.Helper()
	text, err := c.Show()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsShownIsAConfiguration(t *testing.T) {
	c, err := Decode("x.toml", []byte(`
[api]
listen = "127.0.0.1:3020"
rate = "off"
[log]
level = "debug"
format = "json"
[policy]
native_lead = "2d4h"
[[account]]
id = "a"
provider = "vendor"
calls_at_once = 4
calls_per_second = 2.5
burst = 9
settings = { password = "env:PASSWORD" }
policy = { profile = "current" }
[[device]]
id = "front"
policy = { backup_pool_size = 0 }
`), known())
	if err != nil {
		t.Fatal(err)
	}
	text := show(t, c)
	again, err := Decode("x.toml", []byte(text), known())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c.Policy = again.Policy // which is shown whole
	if !reflect.DeepEqual(c, again) {
		t.Errorf("read back it is\n%+v, not\n%+v\n%s", again, c, text)
	}
	if !strings.Contains(text, "env:PASSWORD") || !strings.Contains(text, "backup_pool_size = 0") {
		t.Errorf("shown:\n%s", text)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return "file:" + path
	}
	env := func(name string) string { return map[string]string{"PASSWORD": "hunter2"}[name] }
	for _, c := range []struct{ from, secret, err string }{
		{from: "env:PASSWORD", secret: "hunter2"},
		{from: "env:OTHER", err: "the environment variable OTHER is not set"},
		{from: write("good", "hunter2\n", 0o600), secret: "hunter2"},
		{from: write("open", "hunter2\n", 0o644), err: "its mode is 0644"},
		{from: write("empty", "\n", 0o600), err: "is empty"},
		{from: write("large", strings.Repeat("x", maxSecret+1), 0o600), err: "is larger than 64 KiB"},
		{from: "file:" + dir, err: "is not a regular file"},
		{from: "file:" + dir + "/none", err: "there is no such file"},
	} {
		s, err := ParseSecret(c.from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Read(env)
		if got != c.secret || (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %q, %v; want %q, %s", c.from, got, err, c.secret, c.err)
		}
	}
	for _, wrong := range []string{"", "hunter2", "env:", "file:relative", "keyring:x"} {
		if _, err := ParseSecret(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestWhoHasNoFileGetsSimulatedLocks(t *testing.T) {
	c, err := LoadOr(filepath.Join(t.TempDir(), "none.toml"), known())
	if err != nil || len(c.Accounts) != 1 || c.Accounts[0].Provider != "sim" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Decode("x.toml", []byte(show(t, c)), known()); err != nil {
		t.Errorf("what is embedded is no configuration: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Sample())
	f.Add("[[account]]\nid = \"a\"\nprovider = \"vendor\"\nsettings = { password = \"hunter2\" }\n")
	f.Add("[policy]\njit_lead = 1\n[[device]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Decode("x.toml", []byte(text), known())
		if err != nil {
			if _, ok := errors.AsType[strict.Diagnostics](err); !ok || err.Error() == "" {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		if _, err := Decode("x.toml", []byte(show(t, c)), known()); err != nil {
			t.Errorf("what is shown of it is wrong: %v", err)
		}
	})
}
