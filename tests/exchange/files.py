"""Small files as other systems write them. Nobody in them exists."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

WXR_HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.1.9" created="2026-11-23 20:54" -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
	<title>Le Journal</title>
	<link>http://blog.test</link>
	<wp:wxr_version>1.2</wp:wxr_version>
	<wp:base_site_url>http://blog.test</wp:base_site_url>
	<wp:base_blog_url>http://blog.test</wp:base_blog_url>
	<item>
		<title><![CDATA[Le quai&nbsp;: suite]]></title>
		<link>http://blog.test/quai/</link>
		<wp:post_id>1</wp:post_id>
"""
WXR_TAIL = "</item></channel></rss>"
META = (
    "<wp:commentmeta><wp:meta_key><![CDATA[{}]]></wp:meta_key>"
    "<wp:meta_value><![CDATA[{}]]></wp:meta_value></wp:commentmeta>"
)


def wp_comment(number: int, content: str, approved: str = "1", **more: str) -> str:
    """Return a comment as WordPress exports it; ``meta_…`` are entries of its meta."""
    meta = "".join(
        META.format(name.removeprefix("meta_"), value)
        for name, value in more.items()
        if name.startswith("meta_")
    )
    return f"""<wp:comment>
			<wp:comment_id>{number}</wp:comment_id>
			<wp:comment_author><![CDATA[{more.get("author", "Zoé")}]]></wp:comment_author>
			<wp:comment_author_email><![CDATA[zoe@example.org]]></wp:comment_author_email>
			<wp:comment_author_url></wp:comment_author_url>
			<wp:comment_author_IP><![CDATA[192.0.2.{number}]]></wp:comment_author_IP>
			<wp:comment_date><![CDATA[2026-11-23 21:48:{number:02}]]></wp:comment_date>
			<wp:comment_date_gmt><![CDATA[2026-11-23 20:48:{number:02}]]></wp:comment_date_gmt>
			<wp:comment_content><![CDATA[{content}]]></wp:comment_content>
			<wp:comment_approved><![CDATA[{approved}]]></wp:comment_approved>
			<wp:comment_type><![CDATA[{more.get("kind", "comment")}]]></wp:comment_type>
			<wp:comment_parent>{more.get("parent", "0")}</wp:comment_parent>
			{meta}</wp:comment>"""


HISTORY = 'a:3:{{s:4:"time";d:{}.43;s:5:"event";s:10:"{}";s:4:"user";s:5:"admin";}}'
WXR = (
    WXR_HEAD
    + wp_comment(2, 'Très bon article,\nmerci&nbsp;! <a href="http://a.test/x">Ici</a>')
    + wp_comment(3, "Je réponds.", parent="2")
    + wp_comment(4, "À relire.", "0")
    + wp_comment(5, "Jeté.", "trash")
    + wp_comment(6, "ping", kind="pingback")
    + wp_comment(7, "Perdu avec son article.", "post-trashed")
    + wp_comment(8, "Achetez mes montres", "0", meta_akismet_user_result="true")
    + wp_comment(9, "Du quai, rien à vendre", "1", meta_akismet_result="true")
    + wp_comment(10, "Remis", "1", meta_akismet_history=HISTORY.format(1795467027, "report-ham"))
    + WXR_TAIL
)

DISQUS = """<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<category dsq:id="1"><forum>quai</forum><title>General</title></category>
<thread dsq:id="20"><id>a</id><forum>quai</forum><category dsq:id="1"/>
  <link>http://site.test/quai</link><title>Le quai</title><message/>
  <createdAt>2013-10-10T19:20:29Z</createdAt></thread>
<thread dsq:id="21"><id/></thread>
<post dsq:id="4"><id/><message><![CDATA[<p>Bonjour.<br>Un <a href="http://a.test/x">lien</a></p>]]></message>
  <createdAt>2013-10-10T19:20:29Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
  <author><name>Pierre</name><isAnonymous>false</isAnonymous><username>pierre9</username></author>
  <thread dsq:id="20"/></post>
<post dsq:id="5"><id/><message><![CDATA[<p>Réponse</p>]]></message>
  <createdAt>2013-10-11T06:51:33Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
  <author><name>Zoé</name><email>zoe@example.org</email><isAnonymous>true</isAnonymous></author>
  <ipAddress>192.0.2.1</ipAddress><thread dsq:id="20"/><parent dsq:id="4"/></post>
<post dsq:id="6"><id/><message>Montres</message><createdAt>2013-10-11T07:00:00Z</createdAt>
  <isDeleted>true</isDeleted><isSpam>true</isSpam><author><name>x</name></author>
  <thread dsq:id="20"/></post>
<post dsq:id="7"><id/><message>Effacé</message><createdAt>2013-10-11T07:01:00Z</createdAt>
  <isDeleted>true</isDeleted><isSpam>false</isSpam><author><name>x</name></author>
  <thread dsq:id="20"/></post>
<post dsq:id="8"><id/><message>Sans page</message><createdAt>2013-10-11T07:02:00Z</createdAt>
  <isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>x</name></author>
  <thread dsq:id="21"/></post>
</disqus>"""

_WHERE = '"locator":{"site":"quai","url":"http://site.test/quai"}'
REMARK42 = "\n".join(
    (
        '{"version":1,"users":[{"id":"github_1"}],"posts":[{"url":"http://site.test/quai"}]}',
        '{"id":"b1","pid":"a1","text":"<p>R&eacute;ponse</p>","user":{"name":"Zoé","id":"email_2",'
        f'"admin":true}},{_WHERE},"time":"2017-12-20T15:18:23-06:00"}}',
        '{"id":"a1","pid":"","text":"<p>Bonjour</p>","orig":"Bonjour *vous*","user":{"name":'
        f'"Pierre","id":"github_1","ip":"293ec5b0"}},{_WHERE},'
        '"time":"2017-12-20T15:18:22-06:00","title":"Le quai"}',
        '{"id":"c1","pid":"a1","text":"","user":{"name":"deleted","id":"deleted"},'
        f'{_WHERE},"time":"2017-12-20T15:18:24-06:00","delete":true}}',
        "{}",
    )
)

COMENTARIO_1 = """{"version": 1, "comments": [
 {"commentHex": "e7", "domain": "site.test", "url": "/quai", "commenterHex": "anonymous",
  "markdown": "Une \\"question\\" {sans} [réponse]", "parentHex": "root", "state": "approved",
  "creationDate": "2021-03-12T11:21:56Z", "deleted": false},
 {"commentHex": "e8", "domain": "site.test", "url": "/quai", "commenterHex": "p1",
  "markdown": "Réponse", "parentHex": "e7", "state": "unapproved",
  "creationDate": "2021-03-17T12:09:47.722181Z", "deleted": false}],
 "commenters": [{"commenterHex": "p1", "email": "zoe@example.org", "name": "Zoé",
  "link": "https://zoe.example", "isModerator": true}]}"""

COMENTARIO_3 = """{"version":3,"pages":[{"id":"g1","path":"/quai","title":"Le quai"}],
"comments":[
{"id":"c1","parentId":"00000000-0000-0000-0000-000000000000","pageId":"g1","markdown":"Bonjour",
"isApproved":true,"isPending":false,"isDeleted":false,"createdTime":"2024-03-12T11:21:56.000Z","userCreated":"u1"},
{"id":"c2","parentId":"c1","pageId":"g1","markdown":"Non","isApproved":false,"isPending":false,
"isDeleted":false,"createdTime":"2024-03-12T11:22:56.000Z","userCreated":"u1"},
{"id":"c3","parentId":"c1","pageId":"g1","markdown":"","isApproved":true,"isPending":false,
"isDeleted":true,"createdTime":"2024-03-12T11:23:56.000Z","userCreated":"u1"}],
"commenters":[{"id":"u1","name":"Zoé","email":"zoe@example.org","isModerator":false}]}"""

ISSO_TABLES = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER,
  created FLOAT NOT NULL, modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR,
  author VARCHAR, email VARCHAR, website VARCHAR, likes INTEGER DEFAULT 0,
  dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL, notification INTEGER DEFAULT 0);
INSERT INTO threads VALUES (1, '/quai', 'Le quai');
"""
ISSO_ROWS: Sequence[tuple[object, ...]] = (
    (1, 1, None, 1_400_000_000.5, 1, "192.0.2.0", "Bonjour *vous*", "Zoé", "zoe@example.org", ""),
    (1, 2, 1, 1_400_000_001.0, 2, "192.0.2.0", "En attente", None, None, "zoe.example"),
    (1, 3, 1, 1_400_000_002.0, 4, "192.0.2.0", "", None, None, None),
)


def write_isso(path: Path) -> Path:
    """Write a database of Isso."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(ISSO_TABLES)
        database.executemany(
            "INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, "
            "email, website, voters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            ISSO_ROWS,
        )
        database.commit()
    return path
