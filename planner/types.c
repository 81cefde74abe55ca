/* types.c: from the name of a type, in anybody's spelling, to the type. */
#include "planner/planner.h"

typedef struct TypeSpelling {
    const char *names; /* comma-separated */
    TypeKind kind;
    uint8_t int_bits;
} TypeSpelling;

static const TypeSpelling SPELLINGS[] = {
    {"boolean,bool", TYPE_BOOLEAN, 0},
    {"bigint,int8,long", TYPE_BIGINT, 64},
    {"int,integer,int4,mediumint", TYPE_BIGINT, 32},
    {"smallint,int2,short", TYPE_BIGINT, 16},
    {"tinyint", TYPE_BIGINT, 8},
    {"bigint unsigned,unsigned bigint,unsigned big int", TYPE_BIGINT, 65},
    {"int unsigned,integer unsigned,unsigned int", TYPE_BIGINT, 64},
    {"double,double precision,real,float,float4,float8", TYPE_DOUBLE, 0},
    {"decimal,numeric,dec,number", TYPE_DECIMAL, 0},
    {"text,varchar,string,char,character,character varying,nvarchar,nchar", TYPE_TEXT, 0},
    {"blob,bytes,bytea,varbinary,binary", TYPE_BLOB, 0},
    {"timestamp,timestamp_ltz,timestamptz,datetime,timestamp with time zone,"
     "timestamp without time zone,timestamp with local time zone", TYPE_TIMESTAMP, 0},
    {"date", TYPE_DATE, 0},
    {"time,time without time zone", TYPE_TIME, 0},
    {"interval", TYPE_INTERVAL, 0},
    {"json,jsonb,variant", TYPE_JSON, 0},
    {"array,list", TYPE_ARRAY, 0},
    {"row,struct", TYPE_ROW, 0},
    {"map", TYPE_MAP, 0},
};
enum { NSPELLINGS = sizeof SPELLINGS / sizeof *SPELLINGS, TYPE_DEPTH_MAX = 32 };

static const TypeSpelling *find_spelling(Str name)
{
    for (int i = 0; i < NSPELLINGS; i++)
        if (name_in_list(SPELLINGS[i].names, name)) return &SPELLINGS[i];
    return NULL;
}

static Status unknown_type(Planner *p, const TypeName *t)
{
    Str known[TYPE_COUNT];
    int n = 0;
    for (TypeKind k = TYPE_BOOLEAN; k < TYPE_COUNT; k++) known[n++] = str_z(type_kind_name(k));
    Status st =
        diag_error(p->diags, WEIR_E_TYPE, t->span, "unknown type \"%.*s\"", STR_ARG(t->name));
    Str near = diag_nearest(t->name, known, n);
    if (near.n)
        diag_hint(p->diags, "did you mean %.*s?", STR_ARG(near));
    else
        diag_hint(p->diags, "types are BOOLEAN, BIGINT, DOUBLE, DECIMAL(p, s), TEXT, BLOB, "
                            "TIMESTAMP(p), DATE, TIME, INTERVAL, JSON, ARRAY, ROW, MAP");
    return st;
}

static Status decimal_type(Planner *p, const TypeName *t, Type *out)
{
    int precision = t->nargs > 0 ? t->args[0] : 28;
    int scale = t->nargs > 1 ? t->args[1] : t->nargs > 0 ? 0 : 10;
    if (precision < 1 || precision > 38)
        return diag_error(p->diags, WEIR_E_TYPE, t->span,
                          "DECIMAL has 1 to 38 digits, not %d", precision);
    if (scale < 0 || scale > precision)
        return diag_error(p->diags, WEIR_E_TYPE, t->span,
                          "the scale of DECIMAL(%d, %d) is not within 0 and %d", precision, scale,
                          precision);
    *out = TYPE_DECIMAL_((uint8_t)precision, (uint8_t)scale);
    return WEIR_OK;
}

static Status timestamp_type(Planner *p, const TypeName *t, Type *out)
{
    int precision = t->nargs > 0 ? t->args[0] : 6;
    if (precision < 0 || precision > 6)
        return diag_error(p->diags, WEIR_E_TYPE, t->span,
                          "TIMESTAMP has 0 to 6 digits of fraction, not %d", precision);
    *out = TYPE_TIMESTAMP_((uint8_t)precision);
    return WEIR_OK;
}

static Status type_at_depth(Planner *p, const TypeName *t, int depth, Type *out);

static Status nested_type(Planner *p, const TypeName *t, TypeKind k, int depth, Type *out)
{
    TypeField *fields = new (p->arena, TypeField, t->nfields);
    for (int i = 0; i < t->nfields; i++) {
        fields[i].name = t->fields[i].name.text;
        TRY(type_at_depth(p, t->fields[i].type, depth + 1, &fields[i].type));
    }
    *out = (Type){.kind = k, .args = fields, .nargs = t->nfields};
    return WEIR_OK;
}

static Status type_at_depth(Planner *p, const TypeName *t, int depth, Type *out)
{
    if (depth > TYPE_DEPTH_MAX)
        return diag_error(p->diags, WEIR_E_LIMIT, t->span, "types are nested at most %d deep",
                          TYPE_DEPTH_MAX);
    const TypeSpelling *s = find_spelling(t->name);
    if (!s) return unknown_type(p, t);
    if (s->kind == TYPE_DECIMAL) return decimal_type(p, t, out);
    if (s->kind == TYPE_TIMESTAMP) return timestamp_type(p, t, out);
    if (s->kind == TYPE_ARRAY || s->kind == TYPE_ROW || s->kind == TYPE_MAP)
        return nested_type(p, t, s->kind, depth, out);
    *out = (Type){.kind = s->kind, .int_bits = s->int_bits};
    return WEIR_OK;
}

Status plan_type(Planner *p, const TypeName *t, Type *out)
{
    return type_at_depth(p, t, 0, out);
}
