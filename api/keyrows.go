package api

import (
	"errors"
	"net/http"
)

// shownKey is a key as its owner sees it. The token is there once, in the answer that made it.
type shownKey struct {
	ID      string  `json:"api_key_id"`
	Name    string  `json:"name"`
	Scopes  []Scope `json:"scopes"`
	Created stamp   `json:"created_at"`
	Revoked stamp   `json:"revoked_at"`
	Token   string  `json:"token,omitempty"`
}

func showKey(k Key) shownKey {
	return shownKey{ID: k.ID, Name: k.Name, Scopes: k.Scopes, Created: stamp(k.Created), Revoked: stamp(k.Revoked)}
}

// keyProblem puts what is wrong with a request about a key into the API's words.
func keyProblem(err error) error {
	if errors.Is(err, ErrKey) {
		return problem(http.StatusBadRequest, "invalid_input", err.Error())
	}
	return err
}

type createKey struct {
	Name   string   `json:"name" need:"true" doc:"what people call it"`
	Scopes *[]Scope `json:"scopes" doc:"read, write, pins; left out: all"`
}

func keysCreate(c *call, p createKey) (reply, error) {
	scopes := Scopes()
	set(&scopes, p.Scopes)
	token, key, err := c.keys.Create(c.ctx, c.now, p.Name, scopes, c.random)
	if err != nil {
		return nil, keyProblem(err)
	}
	shown := showKey(key)
	shown.Token = token.Reveal()
	return reply{"api_key": shown}, nil
}

func keysList(c *call, _ struct{}) (reply, error) {
	all := []shownKey{}
	for _, k := range c.keys.List() {
		all = append(all, showKey(k))
	}
	return reply{"api_keys": all}, nil
}

type revokeKey struct {
	ID string `json:"api_key_id" need:"true" doc:"the key"`
}

func keysRevoke(c *call, p revokeKey) (reply, error) {
	return reply{}, keyProblem(c.keys.Revoke(c.ctx, c.now, p.ID))
}
