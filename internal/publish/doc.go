// Package publish writes a run's assets as a static site: a gallery, one page per asset, and what search engines and
// social networks read: alt text, JSON-LD, Open Graph, an image sitemap.
//
// Its nouns: a Campaign is all that one site is made of; a site is a folder, written whole or not at all; an index is
// the page above several campaigns.
//
//	err := publish.Site(ctx, campaign, dir)
//	err = publish.Index(ctx, cards, "https://www.example.com/", parent)
//	html, err := publish.Snippet(campaign, asset, "https://www.example.com/", art.English)
//
// The pages need no script and load nothing from elsewhere. The package makes no pictures: it takes the finished files
// byte by byte, so their signatures stay intact.
package publish
