/* keywords.c: the words of the language and how tokens are shown in errors. */
#include "parser/grammar.h"
#include "parser/grammar_tables.h"
#include "parser/parser.h"
#include "parser/token.h"

typedef struct Keyword {
    const char *word;
    int kind;
} Keyword;
#define K(word) {#word, TK_##word}
/* Sorted. Several words may be one token. */
static const Keyword KEYWORDS[] = {
    K(ADD), K(ADVANCE), K(AFTER), K(AGGREGATE), K(ALL), K(ALTER), K(ALWAYS), K(ANALYZE), K(AND), K(ANY),
    K(ARRAY), K(AS), K(ASC), K(ASOF), K(ASYMMETRIC), K(AT), K(BACKUP), K(BEGIN), K(BETWEEN), K(BOTH), K(BY),
    K(CASCADE), K(CASE), K(CAST), K(CHANGES), K(CHECKPOINT), K(CLOSE), K(COLUMN), K(COMMENT), K(COMMIT),
    K(CONFLICT), K(CONSTRAINT), K(COPY), K(CREATE), K(CROSS), K(CUBE), K(CURRENT),
    {"CURRENT_DATE", TK_TIME_FUNC}, {"CURRENT_TIME", TK_TIME_FUNC}, {"CURRENT_TIMESTAMP", TK_TIME_FUNC},
    {"DAY", TK_UNIT}, {"DAYS", TK_UNIT}, K(DEFAULT), K(DEFINE), K(DELETE), K(DESC), K(DESCRIBE),
    K(DESCRIPTOR), K(DISTINCT), K(DO), K(DROP), K(ELSE), K(EMIT), K(END), K(ENFORCED), K(ESCAPE), K(EVERY),
    K(EXCEPT), K(EXCLUDE), K(EXISTS), K(EXPLAIN), K(EXTENDED), K(FALSE), K(FETCH), K(FILL), K(FILTER),
    K(FINAL), K(FIRST), K(FOLLOWING), K(FOR), K(FROM), K(FULL), K(FUNCTION), K(GAP), K(GENERATED), K(GRACE),
    K(GROUP), {"GROUPING", TK_GROUPING_LA}, K(GROUPS), K(HAVING), {"HOUR", TK_UNIT}, {"HOURS", TK_UNIT},
    K(IDLE), K(IF), K(IGNORE), K(ILIKE), K(IN), K(INDEX), K(INNER), K(INSERT), K(INTERSECT), K(INTERVAL),
    K(INTO), K(IS), K(JOIN), K(KEY), K(LANGUAGE), K(LAST), K(LATERAL), K(LEADING), K(LEFT), K(LIKE), K(LIMIT),
    K(LOCAL), {"LOCALTIMESTAMP", TK_TIME_FUNC}, K(MAP), K(MATCH), K(MATCH_RECOGNIZE), K(MATERIALIZED),
    K(MEASURES), K(METADATA), {"MICROSECOND", TK_UNIT}, {"MICROSECONDS", TK_UNIT}, {"MILLISECOND", TK_UNIT},
    {"MILLISECONDS", TK_UNIT}, {"MINUTE", TK_UNIT}, {"MINUTES", TK_UNIT}, {"MONTH", TK_UNIT},
    {"MONTHS", TK_UNIT}, K(NATURAL), K(NEXT), K(NO), K(NOT), K(NOTHING), K(NULL), K(NULLS), K(OF), K(OFFSET),
    K(ON), K(ONE), K(ONLY), K(OR), K(ORDER), K(ORDINALITY), K(OTHERS), K(OUTER), K(OVER), K(OVERLAPS),
    K(PARTITION), K(PAST), K(PATH), K(PATTERN), K(PAUSE), K(PER), K(PERIOD), K(PERMUTE), K(PLACING),
    K(PRECEDING), K(PRECISION), K(PRIMARY), K(QUALIFY), {"QUARTER", TK_UNIT}, {"QUARTERS", TK_UNIT}, K(RANGE),
    K(RECOVER), K(RECURSIVE), K(REGEXP), K(RENAME), K(REPLACE), K(RESET), K(RESPECT), K(RESTRICT), K(RESUME),
    K(RETENTION), K(RETURNING), K(RETURNS), K(RIGHT), {"RLIKE", TK_REGEXP}, K(ROLLBACK), K(ROLLUP), K(ROW),
    K(ROWS), {"SECOND", TK_UNIT}, {"SECONDS", TK_UNIT}, K(SELECT), K(SET), K(SETS), K(SHOW), K(SIMILAR),
    K(SINCE), K(SINK), K(SIZE), K(SKIP), K(SNAPSHOT), K(SOME), K(START), K(STEP), K(STORED), K(STREAM),
    {"STRUCT", TK_ROW}, K(SUBSCRIBE), K(SUBSET), K(SYMMETRIC), K(SYSTEM_TIME), K(TABLE),
    {"TEMP", TK_TEMPORARY}, K(TEMPORARY), K(THEN), K(TIES), K(TIME), K(TO), K(TRAILING), K(TRANSACTION),
    K(TRIGGER), K(TRUE), K(TRY_CAST), K(UNBOUNDED), K(UNION), K(UNIQUE), K(UNKNOWN), K(UNSIGNED), K(UPDATE),
    K(USING), K(VALUES), K(VARYING), K(VIEW), K(VIRTUAL), K(WATERMARK), {"WEEK", TK_UNIT},
    {"WEEKS", TK_UNIT}, K(WHEN), K(WHERE), K(WINDOW), K(WITH), K(WITHIN), K(WITHOUT), {"YEAR", TK_UNIT},
    {"YEARS", TK_UNIT}, K(ZONE),
};
enum { NKEYWORDS = sizeof KEYWORDS / sizeof *KEYWORDS };

/* Tokens that are no keyword by themselves: signs, classes, and keywords told apart by what follows. */
static const Keyword OTHERS[] = {
    {"the end of the statement", TOKEN_END}, {"a name", TK_ID}, {"a number", TK_NUMBER},
    {"a string", TK_STRING}, {"a blob", TK_BLOB}, {"a parameter", TK_PARAM}, {"a unit of time", TK_UNIT},
    {"\",\"", TK_COMMA}, {"\".\"", TK_DOT}, {"\"(\"", TK_LP}, {"\")\"", TK_RP}, {"\"[\"", TK_LBRACKET},
    {"\"]\"", TK_RBRACKET}, {"\"{\"", TK_LBRACE}, {"\"{-\"", TK_LBRACE_LA}, {"\"}\"", TK_RBRACE},
    {"\"?\"", TK_QUESTION}, {"\":\"", TK_COLON}, {"\"::\"", TK_DCOLON}, {"\"+\"", TK_PLUS},
    {"\"-\"", TK_MINUS}, {"\"*\"", TK_STAR}, {"\"/\"", TK_SLASH}, {"\"%\"", TK_PERCENT},
    {"\"||\"", TK_CONCAT}, {"\"|\"", TK_BITOR}, {"\"&\"", TK_BITAND}, {"\"<<\"", TK_LSHIFT},
    {"\">>\"", TK_RSHIFT}, {"\"~\"", TK_TILDE}, {"\"~*\"", TK_MATCHES}, {"\"=\"", TK_EQ},
    {"\"<>\"", TK_NE}, {"\"<\"", TK_LT}, {"\"<=\"", TK_LE}, {"\">\"", TK_GT}, {"\">=\"", TK_GE},
    {"\"->\"", TK_ARROW}, {"\"->>\"", TK_ARROW2}, {"\"=>\"", TK_FATARROW}, {"NOT", TK_NOT_LA},
    {"WITH", TK_WITH_LA}, {"WINDOW", TK_WINDOW_LA}, {"ON", TK_ON_LA}, {"GROUPING", TK_GROUPING_LA},
    {"WATERMARK", TK_WATERMARK_LA}, {"IGNORE", TK_IGNORE_LA}, {"RESPECT", TK_RESPECT_LA},
    {"ARRAY<", TK_ARRAY_LT}, {"MAP<", TK_MAP_LT}, {"ROW<", TK_ROW_LT}, {"ROW", TK_ROW_LP},
};

static int keyword_index(Str word)
{
    int low = 0, high = NKEYWORDS;
    while (low < high) {
        int mid = (low + high) / 2, order = str_icmp(word, str_z(KEYWORDS[mid].word));
        if (order == 0) return mid;
        if (order < 0) high = mid;
        else low = mid + 1;
    }
    return -1;
}

int keyword_kind(Str word)
{
    int i = keyword_index(word);
    return i < 0 ? TK_ID : KEYWORDS[i].kind;
}

const char *token_spelling(int kind)
{
    for (int i = 0; i < NKEYWORDS; i++)
        if (KEYWORDS[i].kind == kind && kind != TK_UNIT && kind != TK_TIME_FUNC) return KEYWORDS[i].word;
    return NULL;
}

const char *token_display(int kind)
{
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (OTHERS[i].kind == kind) return OTHERS[i].word;
    return token_spelling(kind);
}

const char *parser_keyword(int i)
{
    return i >= 0 && i < NKEYWORDS ? KEYWORDS[i].word : NULL;
}

/* Keywords that are read as names wherever canonical SQL writes a name: no need for quotes. */
static const int PLAIN[] = {TK_KEY,  TK_OFFSET, TK_SIZE,    TK_PATH,  TK_TIME, TK_START,  TK_END,  TK_LAST,
                            TK_FIRST, TK_NEXT,  TK_COMMENT, TK_LOCAL, TK_STEP, TK_PERIOD, TK_ZONE, TK_TRANSACTION};

static bool is_word(Str name)
{
    if (!name.n || name.n > PARSER_NAME_MAX || (name.p[0] >= '0' && name.p[0] <= '9') || name.p[0] == '$')
        return false;
    for (ptrdiff_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(c >= '0' && c <= '9') && c != '$') return false;
    }
    return true;
}

bool parser_is_plain_name(Str name)
{
    if (!is_word(name)) return false;
    int kind = keyword_kind(name);
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
        if (PLAIN[i] == kind) return true;
    return kind == TK_ID;
}

bool parser_is_plain_key(Str key)
{
    return is_word(key) && grammar_is_name(keyword_kind(key));
}
