package main

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/api"
)

// apiKey is a key as the daemon shows it.
type apiKey struct {
	ID      string     `json:"api_key_id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created_at"`
	Revoked *time.Time `json:"revoked_at"`
	Token   string     `json:"token,omitempty"`
}

func keysCreate(a *app, args []string) error {
	var got struct {
		Key apiKey `json:"api_key"`
	}
	scopes := strings.FieldsFunc(a.text("scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	if a.on("dry-run") {
		var of []api.Scope
		for _, s := range scopes {
			of = append(of, api.Scope(s))
		}
		if err := api.CheckKey(strings.TrimSpace(args[0]), of); err != nil {
			return inputError{err}
		}
		return a.would("make a key for " + args[0] + " that may " + strings.Join(scopes, ", "))
	}
	if err := a.ask("/v1/keys/create", map[string]any{"name": args[0], "scopes": scopes}, &got); err != nil {
		return err
	}
	return show(a, got.Key, func() { a.say("%s", got.Key.Token) })
}

func (a *app) keys() ([]apiKey, error) {
	var got struct {
		Keys []apiKey `json:"api_keys"`
	}
	err := a.ask("/v1/keys/list", map[string]any{}, &got)
	return got.Keys, err
}

func keysList(a *app, _ []string) error {
	keys, err := a.keys()
	if err != nil {
		return err
	}
	return list(a, keys,
		column[apiKey]{name: "key", text: func(k apiKey) string { return k.ID }},
		column[apiKey]{name: "name", text: func(k apiKey) string { return k.Name }},
		column[apiKey]{name: "scopes", text: func(k apiKey) string { return strings.Join(k.Scopes, ",") }},
		column[apiKey]{name: "created", text: func(k apiKey) string { return k.Created.Format(time.DateTime) }},
		column[apiKey]{name: "revoked", text: func(k apiKey) string {
			if k.Revoked == nil {
				return "-"
			}
			return k.Revoked.Format(time.DateTime)
		}})
}

func keysRevoke(a *app, args []string) error {
	if a.on("dry-run") {
		keys, err := a.keys()
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.ID == args[0] {
				return a.would("end the key of " + k.Name)
			}
		}
		return badInput("there is no key %q", args[0])
	}
	return a.ask("/v1/keys/revoke", map[string]any{"api_key_id": args[0]}, &struct{}{})
}
