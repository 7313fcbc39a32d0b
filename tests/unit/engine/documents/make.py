#!/usr/bin/env python3
"""Writes the files beside it that no text editor writes, as the named programs do: make.py"""
import csv
import gzip
import io
import os
import zipfile

here = os.path.dirname(os.path.abspath(__file__))


def write(name, data):
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)


# The csv module of Python: CR LF, quotes where they are needed.
text = io.StringIO()
writer = csv.writer(text)
writer.writerow(["id", "client", "amount", "note"])
writer.writerow(["1", "Smith, J.", "12.50", 'said "no"'])
writer.writerow(["2", "line\nbreak", "-0.10", ""])
write("python.csv", text.getvalue().encode())
write("python.csv.gz", gzip.compress(text.getvalue().encode(), mtime=0))
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip:
    zip.writestr(zipfile.ZipInfo("report/"), "")
    zip.writestr(zipfile.ZipInfo("report/python.csv"), text.getvalue(), zipfile.ZIP_DEFLATED)
    zip.writestr(zipfile.ZipInfo("__MACOSX/report/._python.csv"), b"\0\5\26\7")
write("python.csv.zip", archive.getvalue())

# Excel with German settings: windows-1252, semicolons, decimal commas.
excel = 'Datum;Kunde;Betrag;Währung\r\n05.10.2026;Müller & Söhne;"1.234,50";€\r\n06.10.2026;Ünal;-3,5;€\r\n'
write("excel_german.csv", excel.encode("cp1252"))
# "Unicode text" of Excel: UTF-16 with a byte order mark, tabs.
write("excel_unicode.txt", b"\xff\xfe" + excel.replace(";", "\t").encode("utf-16-le"))
write("russian.csv", "Дата;Сумма\n05.10.2026;10,5\n".encode("cp1251"))

CONTENT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Types xmlns="http://schemas.'
    'openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType='
    '"application/xml"/></Types>'
)
BOOK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<workbook xmlns="http://schemas.'
    'openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships"><workbookPr{epoch}/><sheets><sheet name="Summary" '
    'sheetId="1" r:id="rId1"/><sheet name="Commissions" sheetId="2" r:id="rId2"/></sheets></workbook>'
)
LINKS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.'
    'openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="/xl/worksheets/sheet2.xml"/>'
    '<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
STRINGS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="http://schemas.'
    'openxmlformats.org/spreadsheetml/2006/main" count="6" uniqueCount="6"><si><t>id</t></si>'
    '<si><t>Date</t></si><si><t>Amount</t></si><si><r><rPr><b/></rPr><t xml:space="preserve">Client </t></r>'
    '<r><t>name</t></r></si><si><t>Zoë &amp; Co</t><rPh sb="0" eb="1"><t>zoo</t></rPh></si>'
    '<si><t>Total</t></si></sst>'
)
SHEET = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.'
    'openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Period: October</t></is></c></row>'
    '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c>'
    '<c r="D3" t="s"><v>3</v></c><c r="E3" t="inlineStr"><is><t>Paid</t></is></c></row>'
    '<row r="4"><c r="A4"><v>7001</v></c><c r="B4" s="3"><v>46300</v></c>'
    '<c r="C4"><v>1.1000000000000001</v></c><c r="D4" t="s"><v>4</v></c><c r="E4" t="b"><v>1</v></c></row>'
    '<row r="5"><c r="A5"><v>7002</v></c><c r="B5"><v>46300.604166666664</v></c>'
    '<c r="C5"><f>C4*2</f><v>-12.5</v></c></row>'
    '<row r="6"><c r="A6" t="s"><v>5</v></c><c r="C6"><v>-11.4</v></c></row>'
    '</sheetData></worksheet>'
)
# Numbers as Apache POI writes them: Java's Double.toString.
JAVA = SHEET[: SHEET.index('<row r="4">')] + (
    '<row r="4"><c r="A4"><v>1.2345678E7</v></c><c r="B4"><v>46300.0</v></c><c r="C4"><v>1234567.89</v></c></row>'
    '<row r="5"><c r="A5"><v>9999999.0</v></c><c r="B5"><v>46301.0</v></c><c r="C5"><v>-1.2E-4</v></c></row>'
    '<row r="6"><c r="A6"><v>1.0E7</v></c><c r="B6"><v>46301.0</v></c><c r="C6"><v>0.10000000000000001</v></c></row>'
    '</sheetData></worksheet>'
)
EMPTY = SHEET[: SHEET.index("<sheetData>")] + "<sheetData/></worksheet>"


def workbook(name, epoch, sheet=SHEET):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as zip:
        for path, text in (
            ("[Content_Types].xml", CONTENT),
            ("xl/workbook.xml", BOOK.replace("{epoch}", epoch)),
            ("xl/_rels/workbook.xml.rels", LINKS),
            ("xl/worksheets/sheet1.xml", EMPTY),
            ("xl/worksheets/sheet2.xml", sheet),
            ("xl/sharedStrings.xml", STRINGS),
        ):
            zip.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    write(name, data.getvalue())


workbook("commissions.xlsx", "")
workbook("java.xlsx", "", JAVA)
workbook("commissions_1904.xlsx", ' date1904="1"')
