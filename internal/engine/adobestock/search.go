package adobestock

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Query is what is looked for: words, a picture that others are to look like, or both.
type Query struct {
	Words       string
	Like        []byte // a JPEG, PNG or GIF file; nil for none
	Similar     int64  // number of a picture there that others are to look like; 0 for none
	Limit       int    // of one page, 1 to 100; 0 is 32
	Offset      int    // of the first one, from 0
	Orientation string // horizontal, vertical, square; "" is all
	Generated   string // "true" for pictures of models alone, "false" for none of them; "" is all
}

// File is a picture there.
type File struct {
	ID        int64    `json:"id"`
	Title     string   `json:"title"`
	Width     int      `json:"width"`
	Height    int      `json:"height"`
	Creator   string   `json:"creator_name"`
	MediaType int      `json:"media_type_id"` // 1 photo, 2 illustration, 3 vector, 4 video, 6 3D, 7 template, 8 premium, 9 audio
	Type      string   `json:"content_type"`
	Thumbnail string   `json:"thumbnail_url"`
	Preview   string   `json:"comp_url"`
	Page      string   `json:"details_url"`
	Licensed  string   `json:"is_licensed"` // the licence that the account has; "" none, or nobody was told
	Generated bool     `json:"is_gentech"`  // a model made it
	Premium   int      `json:"premium_level_id"`
	Keywords  []string `json:"-"`
}

// columns are what is asked for of each picture.
func (a *Agency) columns() []string {
	all := []string{"nb_results", "id", "title", "width", "height", "creator_name", "media_type_id", "content_type", "thumbnail_url", "comp_url", "details_url", "is_gentech", "premium_level_id"}
	if a.options.Key != "" { // without a token the service refuses the question
		all = append(all, "is_licensed")
	}
	return all
}

// Search gives one page of pictures and how many there are in all. Pictures come and go between two pages. Vectors, videos,
// templates and 3D are left out. A question that can't be asked gives art.ErrInvalid.
func (a *Agency) Search(ctx context.Context, q Query) (total int, files []File, err error) {
	if err := a.Ready(false); err != nil {
		return 0, nil, err
	}
	values, err := a.values(q)
	if err != nil {
		return 0, nil, err
	}
	path := a.path("/Rest/Media/1/Search/Files", values)
	request := wire.Request{Method: http.MethodGet, Path: path}
	if q.Like != nil {
		form := wire.NewForm()
		form.Picture("similar_image", "picture", q.Like)
		if request, err = form.Request(path, false); err != nil {
			return 0, nil, err
		}
	}
	var said struct {
		Total int    `json:"nb_results"`
		Files []File `json:"files"`
	}
	if err := a.ask(ctx, request, &said); err != nil {
		return 0, nil, fmt.Errorf("searching: %w", err)
	}
	return said.Total, said.Files, nil
}

func (a *Agency) values(q Query) (url.Values, error) {
	const most = 100
	switch {
	case q.Words == "" && q.Like == nil && q.Similar == 0:
		return nil, art.Invalid("words", "nothing is looked for", "say some words, or name a picture that others are to look like")
	case q.Limit < 0 || q.Limit > most:
		return nil, art.Invalid("limit", fmt.Sprintf("%d is no size of a page", q.Limit), fmt.Sprintf("say 1 to %d", most))
	case q.Offset < 0:
		return nil, art.Invalid("offset", "is below 0", "begin at 0")
	case q.Orientation != "" && !slices.Contains([]string{"horizontal", "vertical", "square"}, q.Orientation):
		return nil, art.Invalid("orientation", fmt.Sprintf("nobody knows %q", q.Orientation), "say horizontal, vertical or square")
	case q.Generated != "" && q.Generated != "true" && q.Generated != "false":
		return nil, art.Invalid("generated", fmt.Sprintf("%q is neither", q.Generated), "say true or false")
	}
	v := url.Values{"result_columns[]": a.columns(), "search_parameters[filters][premium]": {"all"}}
	for _, kind := range []string{"photo", "illustration"} {
		v.Set("search_parameters[filters][content_type:"+kind+"]", "1")
	}
	for name, value := range map[string]string{
		"[words]": q.Words, "[filters][orientation]": q.Orientation, "[filters][gentech]": q.Generated, "[limit]": number(q.Limit), "[offset]": number(q.Offset), "[similar]": number(q.Similar),
	} {
		if value != "" {
			v.Set("search_parameters"+name, value)
		}
	}
	if q.Like != nil {
		v.Set("search_parameters[similar_image]", "1")
	}
	return v, nil
}

// number writes a number that says something.
func number[T int | int64](n T) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// File tells what a picture is by its number, or art.ErrNotFound.
func (a *Agency) File(ctx context.Context, id int64) (File, error) {
	if err := a.Ready(false); err != nil {
		return File{}, err
	}
	values := url.Values{"ids": {strconv.FormatInt(id, 10)}, "result_columns[]": a.columns()}
	var said struct {
		Files []File `json:"files"`
	}
	if err := a.ask(ctx, wire.Request{Method: http.MethodGet, Path: a.path("/Rest/Media/1/Files", values)}, &said); err != nil {
		return File{}, fmt.Errorf("looking at picture %d: %w", id, err)
	}
	for _, f := range said.Files {
		if f.ID == id {
			return f, nil
		}
	}
	return File{}, fmt.Errorf("%s has no picture %d, or not any more: %w", Name, id, art.ErrNotFound)
}

// Usable refuses what can't become a picture here.
func (f File) Usable() error {
	if f.Type == "image/jpeg" || f.Type == "image/png" {
		return nil
	}
	return art.Unsupported("id", fmt.Sprintf("picture %d is %s", f.ID, f.Type), "choose a JPEG or PNG picture")
}

// FetchPreview gets the watermarked preview of a picture, which is free, wants no token, and may be looked at alone.
func (a *Agency) FetchPreview(ctx context.Context, f File) (engine.Picture, error) {
	if f.Preview == "" {
		return engine.Picture{}, fmt.Errorf("%s has no preview of %d: %w", Name, f.ID, art.ErrNotFound)
	}
	got, err := a.public.Do(ctx, wire.Request{Method: http.MethodGet, Path: f.Preview})
	if err != nil {
		return engine.Picture{}, fmt.Errorf("fetching the preview of %d: %w", f.ID, err)
	}
	return a.public.Picture(got.Body)
}
