import { describe, expect, test } from 'vitest';
import { columnsText, findColumns } from '../../../src/intake/columns/find-columns.ts';

const LONG = [
  'Hello, since this morning nobody in our Lyon office can sign in. The page stays white after the password.',
  'We were charged twice for March. Please refund one of the payments and send a corrected invoice to accounting.',
  'Could the export keep the order of the columns? We import it into another tool and have to sort it every week.',
  'Our webhook gets each event two or three times since Friday. Is this known, and is there a way to stop it?',
];
const SHORT = ['Cannot sign in', 'Charged twice in March', 'Order of columns', 'Webhook repeats'];
const HTML = LONG.map((text) => `<p>${text}</p>`);
const EMPTY = LONG.map(() => '');

function ids(prefix: string): string[] {
  return LONG.map((_, index) => `${prefix}${1001 + index}`);
}

function same(text: string): string[] {
  return LONG.map(() => text);
}

interface Desk {
  desk: string;
  header: string;
  /** Cells of the columns where they matter; the others are labels. */
  cells: Record<string, string[]>;
  expected: string;
  /** The names alone say otherwise. */
  onlyWithRows?: true;
}

const DESKS: Desk[] = [
  {
    desk: 'Zendesk, JSON and incremental export',
    header:
      'url,id,external_id,via.channel,via.source.from.address,via.source.from.name,via.source.from.title,via.source.to.name,created_at,updated_at,type,subject,raw_subject,description,priority,status,recipient,requester_id,satisfaction_rating.id,satisfaction_rating.comment,brand_id,ticket_form_id',
    cells: {
      id: ids('35'),
      subject: SHORT,
      description: LONG,
      'satisfaction_rating.comment': LONG,
    },
    expected:
      'id ← id, subject ← subject, body ← description (others: satisfaction_rating.comment)',
  },
  {
    desk: 'Zendesk, ticket table of a warehouse, masked',
    header:
      'id,_fivetran_synced,allow_channelback,assignee_id,created_at,description,external_id,forum_topic_id,group_id,priority,problem_id,recipient,requester_id,status,subject,ticket_form_id,type,url,via_channel,via_source_from_id,via_source_from_title,via_source_rel,via_source_to_name',
    cells: {
      id: ids('1'),
      description: ['description1', 'description2', 'description1', 'description1'],
      subject: same('subject1'),
    },
    expected: 'id ← id, subject ← subject, body ← description',
  },
  {
    desk: 'Zendesk, comment table of a warehouse',
    header: 'id,_fivetran_synced,body,created,facebook_comment,public,ticket_id,tweet,user_id',
    cells: { id: ids('103082036'), body: LONG, ticket_id: ['1077', '1077', '1077', '1080'] },
    expected: 'id ← ticket_id, body ← body',
  },
  {
    desk: 'Zendesk, comments with three bodies',
    header: 'id,type,author_id,body,html_body,plain_body,public,created_at',
    cells: { id: ids('103'), body: LONG, html_body: HTML, plain_body: LONG },
    expected: 'id ← id, body ← plain_body (others: body, html_body)',
  },
  {
    desk: 'Freshdesk, CSV',
    header:
      'Ticket Id,Subject,Description,Status,Priority,Source,Customer,Requester,Agent,Group,Created Time,Due by Time,Resolved Time',
    cells: { 'Ticket Id': ids(''), Subject: SHORT, Description: LONG },
    expected: 'id ← Ticket Id, subject ← Subject, body ← Description',
  },
  {
    desk: 'Freshdesk, API',
    header:
      'cc_emails,email_config_id,group_id,priority,requester_id,responder_id,source,company_id,status,subject,id,type,due_by,is_escalated,description,description_text',
    cells: { id: ids(''), subject: SHORT, description: HTML, description_text: LONG },
    expected: 'id ← id, subject ← subject, body ← description_text (others: description)',
  },
  {
    desk: 'Jira Cloud, CSV',
    header:
      'Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Project lead id,Project description,Priority,Assignee,Assignee Id,Created,Votes,Description,Environment,Watchers,Watchers,Watchers,Watchers Id,Σ Time Spent,Attachment,Custom field (Development),Comment,Comment,Comment,Status Category',
    cells: {
      Summary: SHORT,
      'Issue key': ids('TES-'),
      'Issue id': ids('1'),
      Description: LONG,
      Comment: LONG,
      'Project description': same('All that has to do with the shop and its warehouse.'),
      Attachment: same('21/Aug/25 10:42 AM;user-0004;image 1.png;https://jira.example/a/1.png'),
    },
    expected: 'id ← Issue key, subject ← Summary, body ← Description (others: Comment)',
  },
  {
    desk: 'Jira Cloud, CSV without any description',
    header: 'Summary,Issue key,Issue id,Project description,Description,Comment,Comment',
    cells: {
      Summary: SHORT,
      'Issue key': ids('TES-'),
      'Issue id': ids('1'),
      'Project description': EMPTY,
      Description: EMPTY,
      Comment: LONG.map((text) => `05/Sep/25 7:24 AM;user-0002;${text}`),
    },
    expected: 'id ← Issue key, subject ← Summary, body ← Comment',
    onlyWithRows: true,
  },
  {
    desk: 'Jira, REST API',
    header:
      'expand,id,self,key,fields.summary,fields.description,fields.issuetype.description,fields.status.description,fields.project.key,fields.project.id,fields.parent.key,fields.parent.fields.summary,fields.assignee.key,fields.priority.id',
    cells: {
      id: ids('1'),
      key: ids('TES-'),
      'fields.summary': SHORT,
      'fields.description': LONG,
      'fields.issuetype.description': same('A problem which impairs or prevents the functions.'),
    },
    expected: 'id ← key, subject ← fields.summary, body ← fields.description',
    onlyWithRows: true,
  },
  {
    desk: 'Jira Service Management, CSV',
    header:
      'Issue key,Issue id,Summary,Reporter,Description,Custom field (Request Type),Custom field (Request language),Custom field (Plan),Satisfaction rating,Custom field (Satisfaction date)',
    cells: {
      'Issue key': ids('HELP-'),
      'Issue id': ids('2'),
      Summary: SHORT,
      Description: LONG,
      'Custom field (Plan)': ['Pro', 'Free', 'Pro', ''],
    },
    expected:
      'id ← Issue key, subject ← Summary, body ← Description, account_tier ← Custom field (Plan)',
  },
  {
    desk: 'ServiceNow, CSV by field name',
    header:
      'number,sys_id,caller_id,short_description,description,category,subcategory,state,priority,assignment_group,assigned_to,opened_at,contact_type,comments,work_notes,close_code,close_notes',
    cells: {
      number: ids('INC001'),
      sys_id: ids('9d385017c611228701d22104cc95'),
      short_description: SHORT,
      description: LONG,
      comments: EMPTY,
      close_notes: LONG,
    },
    expected: 'id ← number, subject ← short_description, body ← description (others: close_notes)',
  },
  {
    desk: 'ServiceNow, list by label',
    header:
      'Number,Opened,Short description,Caller,Priority,State,Category,Assignment group,Description',
    cells: { Number: ids('INC001'), 'Short description': SHORT, Description: LONG },
    expected: 'id ← Number, subject ← Short description, body ← Description',
  },
  {
    desk: 'Intercom, conversations of the API',
    header:
      'type,id,created_at,title,source.type,source.id,source.delivered_as,source.subject,source.body,source.author.id,source.author.name,contacts.type,state,read,priority,statistics.count_replies',
    cells: {
      id: ids('21'),
      title: EMPTY,
      'source.subject': SHORT,
      'source.body': HTML,
    },
    expected: 'id ← id, subject ← source.subject, body ← source.body',
    onlyWithRows: true,
  },
  {
    desk: 'HubSpot, CSV',
    header:
      'Ticket ID,Ticket name,Pipeline,Ticket status,Create date,Priority,Ticket owner,Source,Ticket description,Associated Company',
    cells: { 'Ticket ID': ids('98'), 'Ticket name': SHORT, 'Ticket description': LONG },
    expected: 'id ← Ticket ID, subject ← Ticket name, body ← Ticket description',
  },
  {
    desk: 'HubSpot, API and warehouses',
    header:
      'id,properties.content,properties.createdate,properties.hs_pipeline,properties.hs_ticket_priority,properties.subject,archived',
    cells: { id: ids('98'), 'properties.content': LONG, 'properties.subject': SHORT },
    expected: 'id ← id, subject ← properties.subject, body ← properties.content',
  },
  {
    desk: 'GLPI, CSV in French',
    header:
      "ID,Titre,Statut,Dernière modification,Date d'ouverture,Priorité,Demandeur - Demandeur,Attribué à - Technicien,Catégorie,Description",
    cells: { ID: ids(''), Titre: SHORT, Description: LONG },
    expected: 'id ← ID, subject ← Titre, body ← Description',
  },
  {
    desk: 'Gorgias, messages',
    header:
      'id,uri,message_id,ticket_id,public,channel,sender.id,sender.name,subject,body_text,body_html,stripped_text,stripped_html,created_datetime',
    cells: {
      id: ids('7'),
      ticket_id: ['501', '501', '502', '503'],
      subject: SHORT,
      body_text: LONG,
      body_html: HTML,
      stripped_text: LONG.map((text) => text.slice(0, 60)),
    },
    expected:
      'id ← ticket_id, subject ← subject, body ← body_text (others: stripped_text, body_html)',
  },
  {
    desk: 'Salesforce, Data Loader',
    header:
      'Id,IsDeleted,CaseNumber,ContactId,AccountId,SuppliedName,SuppliedEmail,SuppliedPhone,Type,Status,Reason,Origin,Subject,Priority,Description,IsClosed,ContactPhone,Comments',
    cells: {
      Id: ids('5005g00001ABCDe'),
      CaseNumber: ids('0000'),
      Subject: SHORT,
      Description: LONG,
      Comments: EMPTY,
      SuppliedPhone: same('+33 1 23 45 67 89'),
    },
    expected: 'id ← CaseNumber, subject ← Subject, body ← Description',
  },
  {
    desk: 'Salesforce, report',
    header: 'Case Number,Contact Name,Subject,Description,Priority,Date/Time Opened,Age,Case Owner',
    cells: { 'Case Number': ids('0000'), Subject: SHORT, Description: LONG },
    expected: 'id ← Case Number, subject ← Subject, body ← Description',
  },
  {
    desk: 'Zoho Desk, CSV',
    header:
      'ID,Ticket Id,Department,Contact Name,Email,Phone,Subject,Description,Status,Priority,Resolution,Category,Channel',
    cells: {
      ID: ids('4000000'),
      'Ticket Id': ids(''),
      Subject: SHORT,
      Description: LONG,
      Resolution: EMPTY,
    },
    expected: 'id ← Ticket Id, subject ← Subject, body ← Description',
  },
  {
    desk: 'OTRS and Znuny, search as CSV',
    header:
      'TicketNumber,Age,Created,Closed,FirstLock,FirstResponse,State,Priority,Queue,Lock,Owner,UserFirstname,UserLastname,CustomerID,CustomerName,From,Subject,AccountedTime,ArticleTree,SolutionInMin',
    cells: { TicketNumber: ids('202511220000'), Subject: SHORT, ArticleTree: LONG },
    expected: 'id ← TicketNumber, subject ← Subject, body ← ArticleTree',
  },
  {
    desk: 'OTRS and Znuny in German',
    header:
      'Ticketnummer,Alter,Erstellt,Status,Queue,Besitzer,Kundennummer,Von,Betreff,Beschreibung',
    cells: { Ticketnummer: ids('202511220000'), Betreff: SHORT, Beschreibung: LONG },
    expected: 'id ← Ticketnummer, subject ← Betreff, body ← Beschreibung',
  },
  {
    desk: 'osTicket, its form fields',
    header: 'Ticket Number,Date Created,From,Issue Summary,Issue Details,Priority Level,Department',
    cells: { 'Ticket Number': ids(''), 'Issue Summary': SHORT, 'Issue Details': LONG },
    expected: 'id ← Ticket Number, subject ← Issue Summary, body ← Issue Details',
  },
  {
    desk: 'Kayako, cases with the first post',
    header: 'id,subject,contents,requester.id,requester.full_name,status.label,priority.label',
    cells: { id: ids(''), subject: SHORT, contents: LONG },
    expected: 'id ← id, subject ← subject, body ← contents',
  },
  {
    desk: 'Re:amaze, conversations',
    header:
      'slug,subject,category.name,category.slug,author.name,message.body,last_customer_message.body',
    cells: {
      slug: ids('cannot-sign-in-'),
      subject: SHORT,
      'message.body': LONG,
      'last_customer_message.body': LONG,
    },
    expected:
      'id ← slug, subject ← subject, body ← message.body (others: last_customer_message.body)',
  },
  {
    desk: 'Desk.com, script of an export',
    header: 'Case #,Subject,Description,Status',
    cells: { 'Case #': ids(''), Subject: SHORT, Description: LONG },
    expected: 'id ← Case #, subject ← Subject, body ← Description',
  },
  {
    desk: 'Dixa, messages',
    header:
      'id,csid,created_at,initial_channel,direction,author_email,author_name,text,attachments',
    cells: { id: ids('msg-'), text: LONG },
    expected: 'id ← id, body ← text',
  },
  {
    desk: 'a desk in Spanish',
    header: 'Número de ticket,Asunto,Descripción,Estado,Prioridad,Suscripción',
    cells: {
      'Número de ticket': ids(''),
      Asunto: SHORT,
      Descripción: LONG,
      Suscripción: ['Pro', 'Pro', 'Libre', 'Pro'],
    },
    expected:
      'id ← Número de ticket, subject ← Asunto, body ← Descripción, account_tier ← Suscripción',
  },
];

const COUNTRIES = [
  ['Dutch', 'Nummer,Onderwerp,Omschrijving'],
  ['Portuguese', 'Número do ticket,Assunto,Descrição'],
  ['Italian', 'Numero,Oggetto,Descrizione'],
  ['Polish', 'Numer zgłoszenia,Temat,Treść'],
  ['Swedish', 'Ärendenummer,Ämne,Beskrivning'],
  ['Danish', 'Sagsnummer,Emne,Beskrivelse'],
  ['Russian', 'Номер заявки,Тема,Описание'],
  ['Japanese', 'チケット番号,件名,お問い合わせ内容'],
  ['Chinese', '工单编号,主题,问题描述'],
  ['Korean', '문의번호,제목,내용'],
] as const;

const WITHOUT_BODY = [
  ['Zendesk, view as CSV', 'Summation column,Id,Subject,Requester,Requested,Group,Assignee,Status'],
  [
    'Help Scout, conversations',
    'id,number,threads,type,status,subject,preview,mailboxId,createdAt',
  ],
  [
    'Front, messages',
    'Conversation ID,Message ID,Direction,Inbox,Message date,Subject,Extract,Tags',
  ],
  ['Trudesk', 'uid,type,priority,status,created,subject,requester,group,assignee,tags'],
] as const;

describe('findColumns', () => {
  test.each(DESKS)('finds the columns of $desk', ({ header, cells, expected }) => {
    const names = header.split(',');
    const found = findColumns(names, (name) => cells[name] ?? same('Open'), {}, false);
    expect(columnsText(found)).toBe(expected);
  });

  test.each(DESKS.filter(({ onlyWithRows }) => onlyWithRows !== true))(
    'finds the columns of $desk by their names alone',
    ({ header, expected }) => {
      const found = findColumns(header.split(','), () => [], {}, false);
      const text = columnsText({ ...found, alternatives: [] });
      expect(text).toBe(expected.replace(/ \(others: .*\)/, ''));
    },
  );

  test.each(COUNTRIES)('finds the columns in %s', (_, header) => {
    const [id, subject, body] = header.split(',');
    const { columns } = findColumns(header.split(','), () => [], {}, false);
    expect(columns).toMatchObject({ id, subject, body });
  });

  test.each(WITHOUT_BODY)('knows that %s has no body', (_, header) => {
    const names = header.split(',');
    expect(() => findColumns(names, () => [], {}, false)).toThrow('Only a subject was found');
  });
});
