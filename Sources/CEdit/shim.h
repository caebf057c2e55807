// libedit's wide interface; its variadic functions, which Swift cannot call, one by one.
#pragma once
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

typedef wchar_t *(*ce_prompt)(EditLine *);
typedef unsigned char (*ce_function)(EditLine *, wint_t);

static inline int ce_set_prompt(EditLine *e, ce_prompt prompt) { return el_wset(e, EL_PROMPT, prompt); }
static inline int ce_set_keys(EditLine *e, const wchar_t *mode) { return el_wset(e, EL_EDITOR, mode); }
/// The mode's name: emacs or vi.
static inline const wchar_t *ce_keys(EditLine *e) {
    const wchar_t *mode = NULL;
    el_wget(e, EL_EDITOR, &mode);
    return mode;
}

static inline int ce_set_reader(EditLine *e, el_rfunc_t reader) { return el_wset(e, EL_GETCFN, reader); }
static inline int ce_set_client(EditLine *e, void *client) { return el_wset(e, EL_CLIENTDATA, client); }
static inline int ce_set_history(EditLine *e, HistoryW *h) { return el_wset(e, EL_HIST, history_w, h); }
static inline int ce_refresh(EditLine *e) { return el_wset(e, EL_REFRESH); }
/// Raw or cooked mode, as while a line is edited or not.
static inline int ce_set_raw(EditLine *e, int on) { return el_wset(e, EL_PREP_TERM, on); }

static inline void *ce_client(EditLine *e) {
    void *client = NULL;
    el_wget(e, EL_CLIENTDATA, &client);
    return client;
}

static inline int ce_add_function(EditLine *e, const wchar_t *name, const wchar_t *help, ce_function f) {
    return el_wset(e, EL_ADDFN, name, help, f);
}

/// Binds a key; `alternative` is vi's command mode.
static inline int ce_bind(EditLine *e, int alternative, const wchar_t *key, const wchar_t *command) {
    if (alternative)
        return el_wset(e, EL_BIND, L"-a", key, command, NULL);
    return el_wset(e, EL_BIND, key, command, NULL);
}

static inline int ce_limit_history(HistoryW *h, int most) {
    HistEventW event;
    return history_w(h, &event, H_SETSIZE, most);
}

static inline int ce_add_history(HistoryW *h, const wchar_t *entry) {
    HistEventW event;
    return history_w(h, &event, H_ENTER, entry);
}

/// Carries out one line of editrc(5); a line with an open quote is left out, since libedit reads past its end.
static inline void ce_carry_out(EditLine *e, const wchar_t *line) {
    TokenizerW *words = tok_winit(NULL);
    int count = 0;
    const wchar_t **list = NULL;
    if (words == NULL)
        return;
    if (tok_wstr(words, line, &count, &list) == 0 && count > 0)
        el_wparse(e, count, list);
    tok_wend(words);
}

/// The columns of a character on the screen, -1 for one that does not print.
int wcwidth(wchar_t character);

/// Where the editor prints.
static inline void ce_print(const char *text, size_t length) {
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}

static inline EditLine *ce_start(const char *program) { return el_init(program, stdin, stdout, stderr); }

/// Makes text UTF-8 for this process, messages and numbers left alone.
static inline int ce_use_unicode(void) {
    char bytes[8];
    // The first conversion loads what later ones need, while the host's files are in sight.
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL && wctomb(bytes, 0xe4) == 2;
}
